import { authorize, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import { membershipEnding } from '../memberships/membership.lifecycle.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { members } from '../memberships/membership.record.ts';
import type { OrganizationPath } from '../organizations/organization.schema.ts';
import { keysOf, type LoadedMember, loadMember, replaceRoles, without } from '../role-assignments/held-roles.ts';
import { refuseServiceOwner, requireAnotherOwner } from '../role-assignments/owner.rules.ts';
import { requireRoles } from '../roles/role.queries.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { memberById } from './member.queries.ts';
import type { Member, MemberPath, MemberRoles, MemberUpdate } from './member.schema.ts';

/**
 * Changes the given fields of a member; null clears a field.
 * @throws `permission_denied`, `member_not_found`
 */
export async function updateMember(
  ctx: ServiceContext,
  { organizationId: _path, userId, ...fields }: MemberUpdate,
): Promise<Member> {
  authorize(ctx, 'member:update');
  return mutate(ctx, async (unit) => {
    const { membership } = await loadMember(unit, userId);
    await members.change(unit, membership, fields);
    return memberById(unit, userId);
  });
}

/**
 * Keeps a member out of the organization until they are reinstated. Their roles and assignments stay. The caller's own roles must
 * allow all that the member's roles allow. The last owner cannot be suspended.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`, `last_owner`
 */
export const suspendMember = (ctx: ServiceContext, input: MemberPath): Promise<Member> =>
  setStatus(ctx, input, 'suspended');

/**
 * Lets a suspended member in again, with the roles that they had. The caller's own roles must allow as much.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`
 */
export const reinstateMember = (ctx: ServiceContext, input: MemberPath): Promise<Member> =>
  setStatus(ctx, input, 'active');

async function setStatus(ctx: ServiceContext, { userId }: MemberPath, status: 'active' | 'suspended'): Promise<Member> {
  authorize(ctx, 'member:update');
  return mutate(ctx, async (unit) => {
    const member = await loadMember(unit, userId);
    const { membership, held } = member;
    if (membership.status === status) return memberById(unit, userId);
    refuseBeyondOwn(ctx.principal, held);
    if (status === 'suspended') await refuseLastOwner(unit, member);
    const event = status === 'suspended' ? memberEvents.suspended : memberEvents.reinstated;
    await members.change(unit, membership, { status }, { event });
    return memberById(unit, userId);
  });
}

/** Throws when the organization would have no owner without this member. @throws `last_owner` */
async function refuseLastOwner(unit: Unit, { membership, roles }: LoadedMember): Promise<void> {
  const { organizationId, userId } = membership;
  if (keysOf(roles).includes(ownerKey)) await requireAnotherOwner(unit, organizationId, userId);
}

/**
 * Replaces the roles that a member has everywhere. Callers can give or take only what their own roles allow.
 * @throws `permission_denied`, `member_not_found`, `role_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function setMemberRoles(ctx: ServiceContext, { userId, roleIds }: MemberRoles): Promise<Member> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  return mutate(ctx, async (unit) => {
    const member = await loadMember(unit, userId);
    const after = await requireRoles(unit.db, roleIds);
    const added = without(after, member.roles);
    const removed = without(member.roles, after);
    await refuseServiceOwner(unit, userId, keysOf(added), ['roleIds']);
    refuseBeyondOwn(principal, [...added, ...removed]);
    if (keysOf(removed).includes(ownerKey)) await requireAnotherOwner(unit, principal.organizationId, userId);
    await replaceRoles(unit, member, after, principal.userId);
    return memberById(unit, userId);
  });
}

/**
 * Cuts off every present session of a member from this organization. The sessions go on elsewhere. To return, the member signs in
 * again.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`
 */
export async function endMemberSessions(ctx: ServiceContext, { userId }: MemberPath): Promise<void> {
  authorize(ctx, 'member:update');
  await mutate(ctx, async (unit) => {
    const { membership, held } = await loadMember(unit, userId);
    refuseBeyondOwn(ctx.principal, held);
    const sessionsEndedAt = unit.now.toISOString();
    await members.change(unit, membership, { sessionsEndedAt }, { event: memberEvents.sessions_ended });
  });
}

/**
 * Ends a membership and takes its roles. What the member did still names them.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function removeMember(ctx: ServiceContext, { userId }: MemberPath): Promise<void> {
  authorize(ctx, 'member:remove');
  await mutate(ctx, async (unit) => {
    const member = await loadMember(unit, userId);
    refuseBeyondOwn(ctx.principal, member.held);
    await endMembership(unit, member);
  });
}

/** Ends a membership that `loadMember` loaded. @throws `last_owner` */
export async function endMembership(
  unit: Unit,
  member: LoadedMember,
  event: typeof memberEvents.removed = memberEvents.removed,
): Promise<void> {
  const { membership, roles } = member;
  const { userId } = membership;
  await refuseLastOwner(unit, member);
  await membershipEnding.run(unit, userId);
  const ended = { status: 'ended' as const, endedAt: unit.now.toISOString() };
  await members.change(unit, membership, ended, { event, data: { roles: keysOf(roles) } });
}

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
