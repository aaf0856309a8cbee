import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { read } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn, setActiveOrganization } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import { endMembership, loadMember } from '../members/member.service.ts';
import { organizationById } from './organization.queries.ts';
import type { Organization, OrganizationPath } from './organization.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/**
 * Makes the organization of the context the active one of the caller's session.
 * @throws `unauthenticated`, `organization_required`
 */
export async function switchOrganization(ctx: ServiceContext): Promise<Organization> {
  requireSignedIn(ctx);
  const { organizationId, sessionId } = ctx.principal;
  if (organizationId === null) throw tenancyErrors.organization_required();
  const organization = await read(ctx, (db) => organizationById(db, organizationId));
  const work = async (unit: Unit) => {
    if (sessionId === null) return organization;
    const before = await unit.db
      .selectFrom('sessions')
      .select('sessions.organization_id as organizationId')
      .where('sessions.id', '=', sessionId)
      .executeTakeFirst();
    if (!before || before.organizationId === organizationId) return organization;
    await setActiveOrganization(unit, organizationId);
    await recordEvents(unit, {
      type: 'session.organization_switched',
      entity: { type: 'session', id: sessionId },
      changes: { organizationId: { from: before.organizationId, to: organizationId } },
    });
    return organization;
  };
  // It concerns the person alone: nothing happens in the organization.
  return mutate(ctx, work, null);
}

/** The organization of an own membership, whatever has become of that. @throws `organization_not_found`, `organization_inactive` */
async function ownOrganization(ctx: ServiceContext, userId: string, name: string): Promise<string> {
  const lowered = name.toLowerCase();
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('memberships')
      .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
      .select(['organizations.id', 'organizations.is_active as isActive'])
      .where('memberships.user_id', '=', userId)
      .where(isUuid(lowered) ? 'organizations.id' : 'organizations.slug', '=', lowered)
      .where('organizations.deleted_at', 'is', null)
      .executeTakeFirst(),
  );
  if (!found) throw tenancyErrors.organization_not_found();
  if (!found.isActive) throw tenancyErrors.organization_inactive();
  return found.id;
}

/**
 * Ends the caller's own membership. What they did keeps naming them.
 * @throws `unauthenticated`, `organization_not_found` when they are no member, `organization_inactive`, `last_owner`
 */
export async function leaveOrganization(
  ctx: ServiceContext,
  { organizationId: name }: OrganizationPath,
): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const organizationId = await ownOrganization(ctx, userId, name);
  const work = async (unit: Unit) => {
    const member = await loadMember(unit, organizationId, userId, tenancyErrors.organization_not_found);
    await endMembership(unit, member, 'member.left');
    return null;
  };
  await mutate(ctx, work, organizationId);
}
