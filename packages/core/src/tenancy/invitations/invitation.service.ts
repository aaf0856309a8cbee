import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { keyOf, mailJob } from '../../identity/index.ts';
import { enqueue } from '../../jobs/index.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { MemberAdd, MemberInvited } from '../members/member.schema.ts';
import { requireSeatToOffer } from '../memberships/seats.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { requireRoles } from '../roles/role.queries.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { InvitationEntity, type InvitationRecord, InvitationRoleEntity } from './invitation.entity.ts';
import { invitationById, rolesOfInvitations } from './invitation.queries.ts';
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

const expiryAt = (unit: Unit): Date => new Date(unit.now.getTime() + lifetimeMs);

/**
 * Renews a loaded invitation for its full lifetime, and enqueues its mail.
 * @throws `rate_limited` when its mail was sent too often within a day: the owner of the address may not have asked for it
 */
async function sendAgain(unit: Unit, invitation: InvitationRecord): Promise<void> {
  const { now } = unit;
  const since = invitation.mailsSince ?? now;
  const over = since.getTime() + mailWindowMs;
  const fresh = over <= now.getTime();
  if (!fresh && invitation.mailsSent >= mailsInWindow)
    throw errors.rate_limited({
      message: 'The mail of this invitation was sent often enough for today.',
      retryAfter: Math.ceil((over - now.getTime()) / 1000),
    });
  Object.assign(invitation, {
    status: 'pending',
    expiresAt: expiryAt(unit),
    expiredAt: null,
    mailsSent: fresh ? 1 : invitation.mailsSent + 1,
    mailsSince: fresh ? now : since,
    updatedAt: now,
  });
  await unit.em.flush();
  await enqueue(unit, mailJob, { template: 'invitation', invitationId: invitation.id });
}

/** Throws if an invitation offers more than the caller's own roles allow. @throws `role_exceeds_own` */
async function refuseOfferBeyondOwn(unit: Unit, principal: Principal, id: string) {
  const roles = (await rolesOfInvitations(unit.ctx, unit.db, [id])).get(id) ?? [];
  const ids = roles.map((role) => role.id);
  refuseBeyondOwn(principal, await requireRoles(unit.db, ids));
  return roles;
}

/**
 * Renews the pending invitation for this address, or creates one. Returns its id.
 * @throws `role_exceeds_own` if the pending one offers more than the caller's own roles allow
 */
async function renewInvitation(
  unit: Unit,
  principal: Principal & { organizationId: string },
  email: string,
): Promise<string> {
  const { organizationId, userId: invitedById } = principal;
  const emailKey = keyOf(email);
  const waiting = await unit.em.findOne(InvitationEntity, { organizationId, emailKey, status: 'pending' });
  if (waiting) {
    await refuseOfferBeyondOwn(unit, principal, waiting.id);
    Object.assign(waiting, { email, invitedById });
    await sendAgain(unit, waiting);
    await unit.db.deleteFrom('invitation_roles').where('invitation_id', '=', waiting.id).execute();
    return waiting.id;
  }
  const id = uuidv7();
  await unit.insert(InvitationEntity, {
    organizationId,
    id,
    email,
    emailKey,
    status: 'pending',
    invitedById,
    expiresAt: expiryAt(unit),
    mailsSent: 1,
    mailsSince: unit.now,
    createdAt: unit.now,
    updatedAt: unit.now,
  });
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
    await lockOrganization(unit, organizationId);
    const roles = await requireRoles(unit.db, roleIds);
    refuseBeyondOwn(principal, roles);
    if (await isMember(unit, organizationId, keyOf(email))) return { status: 'invited' };
    await requireSeatToOffer(unit, organizationId, keyOf(email));
    const invitationId = await renewInvitation(unit, principal, email);
    await unit.insert(
      InvitationRoleEntity,
      ...roles.map((role) => ({ organizationId, invitationId, roleId: role.id })),
    );
    await recordEvents(unit, {
      type: 'member.invited',
      entity: { type: 'invitation', id: invitationId },
      data: { email, roles: roles.map((role) => role.key) },
    });
    return { status: 'invited' };
  });
}

/**
 * Loads a pending invitation of the organization of the context, and locks it until commit. It must not offer more than the
 * caller's own roles allow.
 * @throws `invitation_not_found`, `role_exceeds_own`
 */
async function loadOffer(unit: Unit, principal: Principal & { organizationId: string }, id: string) {
  const { organizationId } = principal;
  // Locks in the order of addMember, so that both at the same time do not deadlock.
  await lockOrganization(unit, organizationId);
  const invitation = await unit.load(InvitationEntity, { organizationId, id }, tenancyErrors.invitation_not_found);
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
    const { invitation, roles } = await loadOffer(unit, principal, id);
    await requireSeatToOffer(unit, principal.organizationId, invitation.emailKey);
    await sendAgain(unit, invitation);
    await recordEvents(unit, {
      type: 'invitation.resent',
      entity: { type: 'invitation', id },
      data: { email: invitation.email, roles: roles.map((role) => role.key) },
    });
    return invitationById(ctx, unit.db, id);
  });
}

/**
 * Revokes a pending invitation.
 * @throws `permission_denied`, `invitation_not_found`, `role_exceeds_own`, `invitation_not_pending`
 */
export async function revokeInvitation(ctx: ServiceContext, { id }: InvitationPath): Promise<void> {
  authorize(ctx, 'member:invite');
  const { principal } = ctx;
  await mutate(ctx, async (unit) => {
    const { invitation } = await loadOffer(unit, principal, id);
    if (invitation.expiresAt <= unit.now) throw tenancyErrors.invitation_not_pending();
    Object.assign(invitation, { status: 'revoked', updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'invitation.revoked',
      entity: { type: 'invitation', id },
      data: { email: invitation.email },
    });
    return null;
  });
}
