import { authorize } from '../../access/index.ts';
import type { EventType } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { mailJob } from '../../identity/index.ts';
import { enqueue } from '../../jobs/index.ts';
import { errors } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { keyOf } from '../../kernel/text.ts';
import type { MemberAdd, MemberInvited } from '../members/member.schema.ts';
import { requireSeatToOffer } from '../memberships/seats.ts';
import { lockOrganization, organizations } from '../organizations/organization.record.ts';
import { idsOf, keysOf } from '../role-assignments/held-roles.ts';
import { requireRoles } from '../roles/role.queries.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { InvitationRoleEntity } from './invitation.entity.ts';
import { invitationEvents, invitedMemberEvents } from './invitation.events.ts';
import { rolesOfInvitations } from './invitation.queries.ts';
import { type InvitationRow, invitations, statusAt } from './invitation.record.ts';
import type { Invitation, InvitationPath } from './invitation.schema.ts';

const dayMs = 86_400_000;
const lifetimeMs = 7 * dayMs;

/** How often the mail of one invitation may be sent within a day. */
const mailsInWindow = 5;
const mailWindowMs = dayMs;

/** Whether a current member has this address. */
async function isMember(unit: Unit, organizationId: string, emailKey: string): Promise<boolean> {
  const found = await unit.db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.user_id')
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '<>', 'ended')
    .where('users.email_key', '=', emailKey)
    .executeTakeFirst();
  return found !== undefined;
}

const expiryAt = (unit: Unit): string => new Date(unit.now.getTime() + lifetimeMs).toISOString();

/**
 * Renews a locked invitation for its full lifetime, and enqueues its mail.
 * @throws `rate_limited` when its mail was sent too often within a day: the owner of the address may not have asked for it
 */
async function sendAgain(
  unit: Unit,
  invitation: InvitationRow,
  fields: Partial<Pick<InvitationRow, 'email' | 'invitedById'>>,
  event: EventType,
  roles: readonly HeldRole[],
): Promise<InvitationRow> {
  const now = unit.now.getTime();
  const over = invitation.mailsSince === null ? now : Date.parse(invitation.mailsSince) + mailWindowMs;
  const fresh = over <= now;
  if (!fresh && invitation.mailsSent >= mailsInWindow)
    throw errors.rate_limited({
      message: 'The mail of this invitation was sent often enough for today.',
      retryAfter: Math.ceil((over - now) / 1000),
    });
  const renewed = {
    ...fields,
    status: 'pending' as const,
    expiresAt: expiryAt(unit),
    expiredAt: null,
    mailsSent: fresh ? 1 : invitation.mailsSent + 1,
    mailsSince: fresh ? unit.now.toISOString() : invitation.mailsSince,
  };
  const { after } = await invitations.change(unit, invitation, renewed, { event, data: { roles: keysOf(roles) } });
  await enqueue(unit, mailJob, { template: 'invitation', invitationId: invitation.id });
  return after;
}

/** Throws if an invitation offers more than the caller's own roles allow. @throws `role_exceeds_own` */
async function refuseOfferBeyondOwn(unit: Unit, principal: Principal, id: string) {
  const roles = (await rolesOfInvitations(unit.db, [id])).get(id) ?? [];
  refuseBeyondOwn(principal, await requireRoles(unit.db, idsOf(roles)));
  return roles;
}

/**
 * Renews the pending invitation for this address, or creates one. Returns its id.
 * @throws `role_exceeds_own` if the pending one offers more than the caller's own roles allow
 */
async function renewInvitation(
  unit: Unit,
  principal: Principal,
  email: string,
  roles: readonly HeldRole[],
): Promise<string> {
  const invitedById = principal.userId;
  const [waiting] = await invitations.lockMany(unit, { emailKey: keyOf(email), status: 'pending' });
  if (waiting) {
    await refuseOfferBeyondOwn(unit, principal, waiting.id);
    await sendAgain(unit, waiting, { email, invitedById }, invitedMemberEvents.invited, roles);
    await unit.delete(InvitationRoleEntity, { invitationId: waiting.id });
    return waiting.id;
  }
  const sent = { expiresAt: expiryAt(unit), mailsSent: 1, mailsSince: unit.now };
  const data = { roles: keysOf(roles) };
  const { id } = await invitations.add(unit, { email, status: 'pending', invitedById, ...sent }, { data });
  await enqueue(unit, mailJob, { template: 'invitation', invitationId: id });
  return id;
}

/**
 * Invites the owner of an address to become a member with these roles, by mail, for 7 days. The answer is the same whether the
 * address is unknown, invited already, or a member's.
 * @throws `permission_denied`, `role_not_found`, `role_exceeds_own`, `limit_exceeded`, `rate_limited` when the address was
 * invited too often lately
 */
export async function addMember(ctx: ServiceContext, { email, roleIds }: MemberAdd): Promise<MemberInvited> {
  authorize(ctx, 'member:invite');
  const { principal } = ctx;
  const { organizationId } = principal;
  return mutate(ctx, async (unit) => {
    // Two invitations of one address at the same time become one.
    await lockOrganization(unit);
    const roles = await requireRoles(unit.db, roleIds);
    refuseBeyondOwn(principal, roles);
    if (await isMember(unit, organizationId, keyOf(email))) return { status: 'invited' };
    await requireSeatToOffer(unit, organizationId, keyOf(email));
    const invitationId = await renewInvitation(unit, principal, email, roles);
    await unit.insert(
      InvitationRoleEntity,
      ...roles.map((role) => ({ organizationId, invitationId, roleId: role.id })),
    );
    return { status: 'invited' };
  });
}

/**
 * Locks a pending invitation of the organization of the context until commit. It must not offer more than the caller's own roles
 * allow.
 * @throws `invitation_not_found`, `role_exceeds_own`, `invitation_not_pending`
 */
async function lockOffer(unit: Unit, principal: Principal, id: string) {
  // Locks in the order of addMember, so that both at the same time do not deadlock.
  await lockOrganization(unit);
  const invitation = await invitations.lock(unit, id);
  const roles = await refuseOfferBeyondOwn(unit, principal, id);
  if (invitation.status !== 'pending') throw tenancyErrors.invitation_not_pending();
  return { invitation, roles };
}

/**
 * Sends the mail of an invitation again, and makes it valid for 7 more days, even after it has expired. The tokens of earlier
 * mails become invalid.
 * @throws `permission_denied`, `invitation_not_found`, `role_exceeds_own`, `invitation_not_pending`, `limit_exceeded`,
 * `rate_limited`
 */
export async function resendInvitation(ctx: ServiceContext, { id }: InvitationPath): Promise<Invitation> {
  authorize(ctx, 'member:invite');
  const { principal } = ctx;
  return mutate(ctx, async (unit) => {
    const { invitation, roles } = await lockOffer(unit, principal, id);
    await requireSeatToOffer(unit, principal.organizationId, invitation.emailKey);
    const sent = await sendAgain(unit, invitation, {}, invitationEvents.resent, roles);
    const { name, slug } = await organizations.get(unit.db, sent.organizationId);
    return invitations.show(sent, { organization: { id: sent.organizationId, name, slug }, roles });
  });
}

/**
 * Revokes a pending invitation.
 * @throws `permission_denied`, `invitation_not_found`, `role_exceeds_own`, `invitation_not_pending`
 */
export async function revokeInvitation(ctx: ServiceContext, { id }: InvitationPath): Promise<void> {
  authorize(ctx, 'member:invite');
  await mutate(ctx, async (unit) => {
    const { invitation } = await lockOffer(unit, ctx.principal, id);
    if (statusAt(unit.now, invitation) === 'expired') throw tenancyErrors.invitation_not_pending();
    await invitations.change(unit, invitation, { status: 'revoked' }, { event: invitationEvents.revoked });
  });
}
