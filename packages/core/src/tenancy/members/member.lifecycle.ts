import { authorize, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import type { Principal } from '../../kernel/principal.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { members } from '../memberships/membership.record.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { keysOf, loadMember } from '../role-assignments/held-roles.ts';
import { requireAnotherOwner } from '../role-assignments/owner.rules.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { memberById } from './member.queries.ts';
import type { Member, MemberPath, MemberUpdate } from './member.schema.ts';

/**
 * Changes the given fields of a member; null clears a field.
 * @throws `permission_denied`, `member_not_found`
 */
export async function updateMember(
  ctx: ServiceContext,
  { organizationId: _path, userId, ...fields }: MemberUpdate,
): Promise<Member> {
  authorize(ctx, 'member:update');
  const { organizationId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const { membership } = await loadMember(unit, organizationId, userId);
    await members.change(unit, membership, fields);
    return memberById(ctx, unit.db, organizationId, userId);
  });
}

/**
 * Keeps a member out of the organization until they are reinstated. Their roles and assignments stay. The caller's own roles must
 * allow all that the member's roles allow. The last owner cannot be suspended.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function suspendMember(ctx: ServiceContext, input: MemberPath): Promise<Member> {
  authorize(ctx, 'member:update');
  return setStatus(ctx, ctx.principal, input, 'suspended');
}

/**
 * Lets a suspended member in again, with the roles that they had. The caller's own roles must allow as much.
 * @throws `permission_denied`, `member_not_found`, `role_exceeds_own`
 */
export async function reinstateMember(ctx: ServiceContext, input: MemberPath): Promise<Member> {
  authorize(ctx, 'member:update');
  return setStatus(ctx, ctx.principal, input, 'active');
}

function setStatus(
  ctx: ServiceContext,
  principal: Principal & { organizationId: string },
  { userId }: MemberPath,
  status: 'active' | 'suspended',
): Promise<Member> {
  const { organizationId } = principal;
  return mutate(ctx, async (unit) => {
    const { membership, roles, held } = await loadMember(unit, organizationId, userId);
    if (membership.status === status) return memberById(ctx, unit.db, organizationId, userId);
    refuseBeyondOwn(principal, held);
    if (status === 'suspended' && keysOf(roles).includes(ownerKey))
      await requireAnotherOwner(unit, organizationId, userId);
    const event = status === 'suspended' ? memberEvents.suspended : memberEvents.reinstated;
    await members.change(unit, membership, { status }, { event });
    forgetPrincipal(unit, userId);
    return memberById(ctx, unit.db, organizationId, userId);
  });
}
