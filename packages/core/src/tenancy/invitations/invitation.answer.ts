import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { registerUser } from '../../identity/index.ts';
import { errors } from '../../kernel/errors.ts';
import { memberById } from '../members/member.queries.ts';
import type { Member } from '../members/member.schema.ts';
import { beginMembership } from '../memberships/membership.begin.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { organizations } from '../organizations/organization.record.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { assignRoles, rolesOfMembers } from '../role-assignments/held-roles.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { invitationsTo, requireVerifiedAddress, rolesOfInvitations } from './invitation.queries.ts';
import type { AcceptInvitation, InvitationId, InvitedRegistered } from './invitation.schema.ts';
import { invitationOfToken, provesInvitation } from './invitation.token.ts';

/** The key of an invitation. */
interface Named {
  organizationId: string;
  id: string;
}

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
async function lockPending(unit: Unit, { organizationId, id }: Named) {
  // Locks in the order of addMember, so that a renewal at the same time does not deadlock.
  await lockOrganization(unit, organizationId);
  const invitation = await unit.db
    .selectFrom('invitations')
    .select([
      'invitations.status',
      'invitations.email',
      'invitations.email_key as emailKey',
      'invitations.invited_by_id as invitedById',
      'invitations.expires_at as expiresAt',
    ])
    .where('invitations.organization_id', '=', organizationId)
    .where('invitations.id', '=', id)
    .executeTakeFirst();
  if (!invitation) throw tenancyErrors.invitation_not_found();
  if (invitation.status !== 'pending' || Date.parse(invitation.expiresAt) <= unit.now.getTime())
    throw tenancyErrors.invitation_not_pending();
  return invitation;
}

async function answer(unit: Unit, { organizationId, id }: Named, status: 'accepted' | 'declined'): Promise<void> {
  await unit.db
    .updateTable('invitations')
    .set({ status, updated_at: sql<string>`${unit.now}` })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute();
}

/** Makes a user a member with the roles of a locked invitation, inside the organization or behind the identity door. */
async function enter(unit: Unit, named: Named, invitedById: string, userId: string): Promise<Member> {
  const { organizationId, id } = named;
  const { ctx } = unit;
  // An older invitation does not lift a suspension. Only those who run the organization may.
  await beginMembership(unit, { organizationId, userId }, tenancyErrors.invitation_not_pending);
  await answer(unit, named, 'accepted');
  const offered = (await rolesOfInvitations(ctx, unit.db, [id])).get(id) ?? [];
  const held = (await rolesOfMembers(ctx, unit.db, [userId])).get(userId) ?? [];
  const added = offered.filter((role) => !held.some((other) => other.id === role.id)).map((role) => role.id);
  await assignRoles(unit, { organizationId, userId }, added, invitedById);
  await recordEvents(unit, {
    type: 'member.joined',
    entity: { type: 'member', id: userId },
    data: { invitationId: id, roles: offered.map((role) => role.key) },
    organizationId,
    actorId: userId,
  });
  forgetPrincipal(unit, userId);
  return memberById(ctx, unit.db, organizationId, userId);
}

/**
 * Accepts an invitation to the caller's own address. The membership begins, or begins again, with the offered roles.
 * @throws `unauthenticated`, `email_not_verified`, `invitation_not_found`, `invitation_not_pending`, `organization_inactive`,
 * `limit_exceeded`
 */
export async function acceptInvitation(ctx: ServiceContext, { id }: InvitationId): Promise<Member> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  const organizationId = await organizationOf(ctx, userId, id);
  const work = async (unit: Unit) => {
    const { invitedById } = await lockPending(unit, { organizationId, id });
    return enter(unit, { organizationId, id }, invitedById, userId);
  };
  return mutate(ctx, work, organizationId);
}

/**
 * Declines an invitation to the caller's own address.
 * @throws `unauthenticated`, `email_not_verified`, `invitation_not_found`, `invitation_not_pending`, `organization_inactive`
 */
export async function declineInvitation(ctx: ServiceContext, { id }: InvitationId): Promise<void> {
  requireVerifiedAddress(ctx);
  const organizationId = await organizationOf(ctx, ctx.principal.userId, id);
  const work = async (unit: Unit) => {
    const { email } = await lockPending(unit, { organizationId, id });
    await answer(unit, { organizationId, id }, 'declined');
    await recordEvents(unit, { type: 'invitation.declined', entity: { type: 'invitation', id }, data: { email } });
    return null;
  };
  await mutate(ctx, work, organizationId);
}

const invalidToken = () =>
  errors.validation_failed({
    field: ['token'],
    message: 'This token is not valid: the invitation is gone, or its mail was sent again.',
  });

/** Returns the invitation of a valid token. @throws `validation_failed` at `token`, `organization_inactive` */
async function proveInvitation(ctx: ServiceContext, token: string): Promise<Named & { email: string }> {
  const id = invitationOfToken(token);
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('invitations')
      .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
      .select([
        'invitations.organization_id as organizationId',
        'invitations.id',
        'invitations.email',
        'invitations.email_key as emailKey',
        'invitations.expires_at as expiresAt',
        'organizations.is_active as isActive',
      ])
      .where('invitations.id', '=', id)
      .where('organizations.deleted_at', 'is', null)
      .executeTakeFirst(),
  );
  if (!found || !provesInvitation(ctx.settings, token, found)) throw invalidToken();
  if (!found.isActive) throw tenancyErrors.organization_inactive();
  return found;
}

/**
 * Creates an account for the invited address and accepts the invitation in one step. The address counts as verified, because the
 * token was sent to it. People who have an account sign in and accept instead.
 * @throws `validation_failed` for an invalid token or a password that the policy refuses, `invitation_not_pending`,
 * `organization_inactive`, `email_taken`, `username_taken`, `limit_exceeded`
 */
export async function registerInvited(
  ctx: ServiceContext,
  { token, ...person }: AcceptInvitation,
): Promise<InvitedRegistered> {
  const named = await proveInvitation(ctx, token);
  const { organizationId, id, email } = named;
  return registerUser(ctx, { ...person, email }, async (unit, createUser) => {
    const invitation = await lockPending(unit, named);
    // The invitation may have been sent again while the password was hashed.
    if (!provesInvitation(ctx.settings, token, { id, ...invitation })) throw invalidToken();
    const user = await createUser(unit, 'proven');
    const member = await enter(unit, named, invitation.invitedById, user.id);
    return { user, organization: await organizations.get(unit.db, organizationId), member };
  });
}
