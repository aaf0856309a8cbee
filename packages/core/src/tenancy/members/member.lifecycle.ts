import { authorize, ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import type { Principal } from '../../kernel/principal.ts';
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
    const changes = diff({ ...membership }, fields);
    if (isEmpty(changes)) return memberById(ctx, unit.db, organizationId, userId);
    Object.assign(membership, fields, { updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'member.updated',
      entity: { type: 'member', id: userId },
      changes,
      data: { version: membership.version },
    });
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
 * Lets a suspended member in again, with the roles that they had.
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
    const from = membership.status;
    Object.assign(membership, { status, updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: status === 'suspended' ? 'member.suspended' : 'member.reinstated',
      entity: { type: 'member', id: userId },
      changes: { status: { from, to: status } },
      data: { version: membership.version },
    });
    forgetPrincipal(unit, userId);
    return memberById(ctx, unit.db, organizationId, userId);
  });
}
