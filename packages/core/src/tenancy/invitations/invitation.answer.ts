import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { registerUser } from '../../identity/index.ts';
import { errors } from '../../kernel/errors.ts';
import type { ById } from '../../kernel/schemas.ts';
import { memberById } from '../members/member.queries.ts';
import type { Member } from '../members/member.schema.ts';
import { beginMembership } from '../memberships/membership.lifecycle.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { lockOrganization, organizations } from '../organizations/organization.record.ts';
import { assignRoles, idsOf, keysOf, rolesOfMembers, without } from '../role-assignments/held-roles.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { invitationEvents } from './invitation.events.ts';
import { invitationsTo, livingInvitations, requireVerifiedAddress, rolesOfInvitations } from './invitation.queries.ts';
import { type InvitationRow, invitations, statusAt } from './invitation.record.ts';
import type { AcceptInvitation, InvitedRegistered } from './invitation.schema.ts';
import { invitationOfToken, provesInvitation } from './invitation.token.ts';

/** Returns the organization of an invitation to the caller's own proven address. */
async function organizationOf(ctx: ServiceContext, userId: string, invitationId: string) {
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    invitationsTo(db, userId)
      .select(['organizations.id', 'organizations.is_active as isActive'])
      .where('invitations.id', '=', invitationId)
      .executeTakeFirst(),
  );
  if (!found) throw tenancyErrors.invitation_not_found();
  if (!found.isActive) throw tenancyErrors.organization_inactive();
  return found.id;
}

/**
 * Locks a pending invitation and its organization until commit.
 * @throws `invitation_not_found`, `invitation_not_pending`
 */
async function lockPending(unit: Unit, organizationId: string, id: string): Promise<InvitationRow> {
  // Locks in the order of addMember, so that a renewal at the same time does not deadlock.
  await lockOrganization(unit, organizationId);
  const invitation = await invitations.lock(unit, { organizationId, id });
  if (statusAt(unit.now, invitation) !== 'pending') throw tenancyErrors.invitation_not_pending();
  return invitation;
}

/** Makes a user a member with the roles of a locked invitation, inside the organization or behind the identity door. */
async function enter(unit: Unit, invitation: InvitationRow, userId: string): Promise<Member> {
  const { organizationId, id, invitedById } = invitation;
  const { ctx } = unit;
  // An older invitation does not lift a suspension. Only those who run the organization may.
  await beginMembership(unit, { organizationId, userId }, tenancyErrors.invitation_not_pending);
  await invitations.change(unit, invitation, { status: 'accepted' });
  const offered = (await rolesOfInvitations(unit.db, [id])).get(id) ?? [];
  const held = (await rolesOfMembers(ctx, unit.db, [userId])).get(userId) ?? [];
  await assignRoles(unit, { organizationId, userId }, idsOf(without(offered, held)), invitedById);
  const data = { invitationId: id, roles: keysOf(offered) };
  await recordEvents(unit, memberEvents.joined.about(userId, { data, organizationId, actorId: userId }));
  return memberById(unit, userId, organizationId);
}

/**
 * Accepts an invitation to the caller's own address. The membership begins, or begins again, with the offered roles.
 * @throws `unauthenticated`, `email_not_verified`, `invitation_not_found`, `invitation_not_pending`, `organization_inactive`,
 * `limit_exceeded`
 */
export async function acceptInvitation(ctx: ServiceContext, { id }: ById): Promise<Member> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  const organizationId = await organizationOf(ctx, userId, id);
  const work = async (unit: Unit) => enter(unit, await lockPending(unit, organizationId, id), userId);
  return mutate(ctx, work, organizationId);
}

/**
 * Declines an invitation to the caller's own address.
 * @throws `unauthenticated`, `email_not_verified`, `invitation_not_found`, `invitation_not_pending`, `organization_inactive`
 */
export async function declineInvitation(ctx: ServiceContext, { id }: ById): Promise<void> {
  requireVerifiedAddress(ctx);
  const organizationId = await organizationOf(ctx, ctx.principal.userId, id);
  const work = async (unit: Unit) => {
    const invitation = await lockPending(unit, organizationId, id);
    await invitations.change(unit, invitation, { status: 'declined' }, { event: invitationEvents.declined });
  };
  await mutate(ctx, work, organizationId);
}

const invalidToken = () =>
  errors.validation_failed({
    field: ['token'],
    message: 'This token is not valid: the invitation is gone, or its mail was sent again.',
  });

/** Returns the invitation of a valid token. @throws `validation_failed` at `token`, `organization_inactive` */
async function proveInvitation(ctx: ServiceContext, token: string) {
  const id = invitationOfToken(token);
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    livingInvitations(db)
      .select([
        'invitations.organization_id as organizationId',
        'invitations.id',
        'invitations.email',
        'invitations.email_key as emailKey',
        'invitations.expires_at as expiresAt',
        'organizations.is_active as isActive',
      ])
      .where('invitations.id', '=', id)
      .executeTakeFirst(),
  );
  if (!found || !provesInvitation(ctx.settings, token, found)) throw invalidToken();
  if (!found.isActive) throw tenancyErrors.organization_inactive();
  return found;
}

/**
 * Creates an account for the invited address and accepts the invitation in one step. The address counts as verified, because the
 * token was sent to it. People who have an account sign in and accept instead.
 * @throws `sign_up_closed`, `validation_failed` for an invalid token or a password that the policy refuses, `invitation_not_pending`,
 * `organization_inactive`, `email_taken`, `username_taken`, `limit_exceeded`
 */
export async function registerInvited(
  ctx: ServiceContext,
  { token, ...person }: AcceptInvitation,
): Promise<InvitedRegistered> {
  const { organizationId, id, email } = await proveInvitation(ctx, token);
  return registerUser(ctx, { ...person, email }, 'invitation', async (unit, createUser) => {
    const invitation = await lockPending(unit, organizationId, id);
    // The invitation may have been sent again while the password was hashed.
    if (!provesInvitation(ctx.settings, token, invitation)) throw invalidToken();
    const user = await createUser(unit, 'proven');
    const member = await enter(unit, invitation, user.id);
    return { user, organization: await organizations.get(unit.db, organizationId), member };
  });
}
