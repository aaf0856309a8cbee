import { authorize, ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { memberById } from '../members/member.queries.ts';
import type { Member } from '../members/member.schema.ts';
import { organizationEvents } from '../organizations/organization.events.ts';
import type { OrganizationTransfer } from '../organizations/organization.schema.ts';
import { keysOf, type LoadedMember, loadMember, replaceRoles } from '../role-assignments/held-roles.ts';
import { refuseServiceOwner } from '../role-assignments/owner.rules.ts';
import type { ResolvedRole } from '../roles/role.hierarchy.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/** The role that an owner gets after the transfer. */
const formerOwnerKey = 'admin';

/** The roles of a member with one added, and perhaps one taken, the strongest first. */
const exchanged = ({ roles, hierarchy }: LoadedMember, taken: string | null, given: string): ResolvedRole[] =>
  [...hierarchy.values()].filter(({ key }) => key === given || (key !== taken && keysOf(roles).includes(key)));

/**
 * Makes an active member an owner in place of the caller, who becomes an admin. Other owners stay owners.
 * @throws `permission_denied`, `role_exceeds_own` unless the caller is an owner, `member_not_found`
 */
export async function transferOwnership(ctx: ServiceContext, { userId }: OrganizationTransfer): Promise<Member> {
  authorize(ctx, 'organization:transfer');
  const { organizationId, userId: ownerId } = ctx.principal;
  if (userId === ownerId)
    throw errors.validation_failed({ field: ['userId'], message: 'You are the owner already: name somebody else.' });
  return mutate(ctx, async (unit) => {
    const missing = () => tenancyErrors.member_not_found({ field: ['userId'] });
    const heir = await loadMember(unit, userId, missing);
    const user = unit.db.selectFrom('users').select('users.is_active as isActive').where('users.id', '=', userId);
    if (heir.membership.status !== 'active' || !(await user.executeTakeFirst())?.isActive) throw missing();
    await refuseServiceOwner(unit, userId, [ownerKey], ['userId']);
    const owner = await loadMember(unit, ownerId);
    // Being an owner is a role, not a set of permissions. The role is read again because the principal may be some seconds
    // old.
    if (!keysOf(owner.roles).includes(ownerKey)) throw tenancyErrors.role_exceeds_own();
    await replaceRoles(unit, heir, exchanged(heir, null, ownerKey), ownerId);
    await replaceRoles(unit, owner, exchanged(owner, ownerKey, formerOwnerKey), ownerId);
    const changes = { ownerId: { from: ownerId, to: userId } };
    await recordEvents(unit, organizationEvents.ownership_transferred.about(organizationId, { data: {}, changes }));
    return memberById(unit, userId);
  });
}
