import { authorize, ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { membershipEnding } from '../memberships/membership.ending.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { assignRoles, keysOf, loadMember, unassignRoles } from '../role-assignments/held-roles.ts';
import { refuseServiceOwner, requireAnotherOwner } from '../role-assignments/owner.rules.ts';
import type { ResolvedRole } from '../roles/role.hierarchy.ts';
import { requireRoles } from '../roles/role.queries.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { memberById } from './member.queries.ts';
import type { Member, MemberPath, MemberRoles } from './member.schema.ts';

const without = (roles: readonly ResolvedRole[], others: readonly HeldRole[]): ResolvedRole[] =>
  roles.filter((role) => !others.some((other) => other.id === role.id));

/**
 * Replaces the roles that a member has everywhere. Callers can give or take only what their own roles allow.
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

/**
 * Cuts off every present session of a member from this organization. The sessions go on elsewhere. To return, the member signs in
 * again.
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
 * Ends a membership and takes its roles. What the member did still names them.
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

/** Ends a membership that `loadMember` loaded. @throws `last_owner` */
export async function endMembership(
  unit: Unit,
  { membership, roles }: Awaited<ReturnType<typeof loadMember>>,
  type: 'member.removed' | 'member.left',
): Promise<void> {
  const { organizationId, userId } = membership;
  if (keysOf(roles).includes(ownerKey)) await requireAnotherOwner(unit, organizationId, userId);
  await membershipEnding.run(unit, userId);
  Object.assign(membership, { status: 'ended', endedAt: unit.now, updatedAt: unit.now });
  await unit.em.flush();
  await recordEvents(unit, {
    type,
    entity: { type: 'member', id: userId },
    data: { roles: keysOf(roles), version: membership.version },
  });
  forgetPrincipal(unit, userId);
}
