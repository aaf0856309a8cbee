import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { leaveDepartments } from '../departments/department.members.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { revokeApiKeysOf } from '../api-keys/api-key.service.ts';
import { memberById } from './member.queries.ts';
import type { Member, MemberPath, MemberRoles } from './member.schema.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { lockOrganization } from '../organizations/organization.service.ts';
import { forgetPrincipal } from '../principals/principal.ts';
import type { ResolvedRole } from '../roles/role.hierarchy.ts';
import { everywhere, RoleAssignmentEntity } from '../roles/role.entity.ts';
import { requireRoles, rolesHeldBy, rolesOfMembers } from '../roles/role.queries.ts';
import { ownerKey, refuseBeyondOwn } from '../roles/role.rules.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { refuseServiceOwner } from '../service-accounts/service-account.owner.ts';
import { leaveTeams } from '../teams/team.members.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/**
 * A membership that has not ended, locked until commit together with its organization; the roles that it holds everywhere, and
 * all that are `held` anywhere.
 * @param missing what is thrown when there is none
 */
export async function loadMember(
  unit: Unit,
  organizationId: string,
  userId: string,
  missing: () => DomainError = tenancyErrors.member_not_found,
) {
  await lockOrganization(unit, organizationId);
  const membership = await unit.load(MembershipEntity, { organizationId, userId }, missing);
  if (membership.status === 'ended') throw missing();
  const roles = (await rolesOfMembers(unit.ctx, unit.db, [userId])).get(userId) ?? [];
  return { membership, roles, held: await rolesHeldBy(unit.db, userId) };
}

/** @throws `last_owner` */
export async function requireAnotherOwner(unit: Unit, organizationId: string, userId: string): Promise<void> {
  const other = await unit.db
    .selectFrom('role_assignments')
    .innerJoin('roles', 'roles.id', 'role_assignments.role_id')
    .innerJoin('memberships', 'memberships.user_id', 'role_assignments.user_id')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.user_id')
    .where('roles.key', '=', ownerKey)
    // Behind the identity door there is no wall: who owns another organization owns nothing here.
    .where('role_assignments.organization_id', '=', organizationId)
    .where('role_assignments.scope_key', '=', everywhere)
    .where('role_assignments.valid_to', 'is', null)
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '=', 'active')
    .where('users.is_active', '=', true)
    .where('users.kind', '=', 'person')
    .where('memberships.user_id', '<>', userId)
    .limit(1)
    .executeTakeFirst();
  if (!other) throw tenancyErrors.last_owner();
}

const without = (roles: readonly ResolvedRole[], others: readonly HeldRole[]): ResolvedRole[] =>
  roles.filter((role) => !others.some((other) => other.id === role.id));

export const keysOf = (roles: readonly HeldRole[]): string[] => roles.map((role) => role.key);

/** Gives roles everywhere and for ever that the member does not hold so now. */
export async function assignRoles(
  unit: Unit,
  member: { organizationId: string; userId: string },
  roleIds: readonly string[],
  createdById: string,
): Promise<void> {
  // What they held until it ended stands in the way. A role is of one organization, behind the identity door too.
  await unit.db
    .deleteFrom('role_assignments')
    .where('user_id', '=', member.userId)
    .where(anyOf(unit.ctx.database.engine.dialect, 'role_id', roleIds))
    .where('scope_key', '=', everywhere)
    .execute();
  const scope = { departmentId: null, teamId: null, scopeKey: everywhere, validTo: null };
  const rows = roleIds.map((roleId) => ({
    ...member,
    id: uuidv7(),
    roleId,
    ...scope,
    createdAt: unit.now,
    createdById,
  }));
  await unit.insert(RoleAssignmentEntity, ...rows);
}

/**
 * Makes these the roles of a member. Only what the caller holds themselves can be given or taken.
 * @throws `permission_denied`, `member_not_found`, `role_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function setMemberRoles(ctx: ServiceContext, { userId, roleIds }: MemberRoles): Promise<Member> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  return mutate(ctx, async (unit) => {
    const { membership, roles: before, held } = await loadMember(unit, organizationId, userId);
    const after = await requireRoles(unit.db, roleIds);
    const added = without(after, before);
    const removed = without(held, after).filter((role) => before.some(({ id }) => id === role.id));
    if (added.length === 0 && removed.length === 0) return memberById(ctx, unit.db, organizationId, userId);
    await refuseServiceOwner(unit, userId, keysOf(added), ['roleIds']);
    refuseBeyondOwn(principal, [...added, ...removed]);
    if (keysOf(removed).includes(ownerKey)) await requireAnotherOwner(unit, organizationId, userId);
    await unassignRoles(unit, userId, removed);
    await assignRoles(
      unit,
      { organizationId, userId },
      added.map((role) => role.id),
      principal.userId,
    );
    membership.updatedAt = unit.now;
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'member.role_changed',
      entity: { type: 'member', id: userId },
      changes: { roles: { from: keysOf(before), to: keysOf(after) } },
      data: { version: membership.version },
    });
    forgetPrincipal(unit, userId);
    return memberById(ctx, unit.db, organizationId, userId);
  });
}

export async function unassignRoles(unit: Unit, userId: string, roles: readonly HeldRole[]): Promise<void> {
  const { dialect } = unit.ctx.database.engine;
  const ids = roles.map((role) => role.id);
  await unit.db
    .deleteFrom('role_assignments')
    .where('user_id', '=', userId)
    .where(anyOf(dialect, 'role_id', ids))
    .where('scope_key', '=', everywhere)
    .execute();
}

/**
 * Cuts every session that a member has now off from the organization; elsewhere they go on. Signing in again leads back in.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`
 */
export async function endMemberSessions(ctx: ServiceContext, { userId }: MemberPath): Promise<void> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  await mutate(ctx, async (unit) => {
    const { membership, held } = await loadMember(unit, organizationId, userId);
    refuseBeyondOwn(principal, held);
    Object.assign(membership, { sessionsEndedAt: unit.now, updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'member.sessions_ended',
      entity: { type: 'member', id: userId },
      data: { version: membership.version },
    });
    forgetPrincipal(unit, userId);
    return null;
  });
}

/**
 * Ends a membership and takes its roles. What the member did keeps naming them.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function removeMember(ctx: ServiceContext, { userId }: MemberPath): Promise<void> {
  authorize(ctx, 'member:remove');
  const { principal } = ctx;
  const { organizationId } = principal;
  await mutate(ctx, async (unit) => {
    const member = await loadMember(unit, organizationId, userId);
    refuseBeyondOwn(principal, member.held);
    await endMembership(unit, member, 'member.removed');
    return null;
  });
}

/** Ends a loaded membership. @throws `last_owner` */
export async function endMembership(
  unit: Unit,
  { membership, roles }: Awaited<ReturnType<typeof loadMember>>,
  type: 'member.removed' | 'member.left',
): Promise<void> {
  const { organizationId, userId } = membership;
  if (keysOf(roles).includes(ownerKey)) await requireAnotherOwner(unit, organizationId, userId);
  await unit.db.deleteFrom('role_assignments').where('user_id', '=', userId).execute();
  await revokeApiKeysOf(unit, userId);
  await leaveTeams(unit, userId);
  await leaveDepartments(unit, userId);
  Object.assign(membership, { status: 'ended', endedAt: unit.now, updatedAt: unit.now });
  await unit.em.flush();
  await recordEvents(unit, {
    type,
    entity: { type: 'member', id: userId },
    data: { roles: keysOf(roles), version: membership.version },
  });
  forgetPrincipal(unit, userId);
}
