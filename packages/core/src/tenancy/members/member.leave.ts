import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { OrganizationPath } from '../organizations/organization.schema.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { loadMember } from '../role-assignments/held-roles.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { endMembership } from './member.service.ts';

/**
 * Finds the organization of one of the caller's memberships, whatever its status.
 * @throws `organization_not_found`, `organization_inactive`
 */
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
 * Ends the caller's own membership. What they did still names them.
 * @throws `unauthenticated`, `organization_not_found` when they are not a member, `organization_inactive`, `last_owner`
 */
export async function leaveOrganization(
  ctx: ServiceContext,
  { organizationId: name }: OrganizationPath,
): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const organizationId = await ownOrganization(ctx, userId, name);
  const work = async (unit: Unit) => {
    const member = await loadMember(unit, userId, tenancyErrors.organization_not_found);
    await endMembership(unit, member, memberEvents.left);
  };
  await mutate(ctx, work, organizationId);
}
