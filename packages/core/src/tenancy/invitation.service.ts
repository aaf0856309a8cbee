import { authorize } from '../access/index.ts';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { keyOf, mailJob } from '../identity/index.ts';
import { enqueue } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { InvitationEntity, InvitationRoleEntity } from './invitation.entity.ts';
import { invitationsTo, requireVerifiedAddress } from './invitation.queries.ts';
import type { InvitationId } from './invitation.schema.ts';
import { memberById } from './member.queries.ts';
import type { Member, MemberAdd, MemberInvited } from './member.schema.ts';
import { assignRoles } from './member.service.ts';
import { MembershipEntity } from './membership.entity.ts';
import { lockOrganization } from './organization.service.ts';
import { forgetPrincipal } from './principal.ts';
import { requireRoles, rolesOfMembers } from './role.queries.ts';
import { refuseBeyondOwn } from './role.rules.ts';
import { tenancyErrors } from './tenancy.errors.ts';

const lifetimeMs = 7 * 86_400_000;

/** Whether somebody with this address is a member whose membership has not ended. */
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

/** The invitation that waits for this address, made young again; or a new one. Answers its id. */
async function renewInvitation(
  unit: Unit,
  organizationId: string,
  email: string,
  invitedById: string,
): Promise<string> {
  const emailKey = keyOf(email);
  const expiresAt = new Date(unit.now.getTime() + lifetimeMs);
  const waiting = await unit.em.findOne(InvitationEntity, { organizationId, emailKey, status: 'pending' });
  if (waiting) {
    Object.assign(waiting, { email, invitedById, expiresAt, updatedAt: unit.now });
    await unit.em.flush();
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
    expiresAt,
    createdAt: unit.now,
    updatedAt: unit.now,
  });
  return id;
}

/**
 * Invites whoever holds the address to become a member with these roles, for 7 days; a mail tells them. The answer is the same
 * whether the address is known, invited already, or a member's.
 * @throws `permission_denied`, `role_not_found`, `role_exceeds_own`
 */
export async function addMember(ctx: ServiceContext, { email, roleIds }: MemberAdd): Promise<MemberInvited> {
  authorize(ctx, 'member:invite');
  const { principal } = ctx;
  const { organizationId, userId } = principal;
  return mutate(ctx, async (unit) => {
    // Two invitations of one address at the same time become one.
    await lockOrganization(unit, organizationId);
    const roles = await requireRoles(ctx, unit.db, roleIds);
    refuseBeyondOwn(principal, roles);
    if (await isMember(unit, organizationId, keyOf(email))) return { status: 'invited' };
    const invitationId = await renewInvitation(unit, organizationId, email, userId);
    await unit.insert(
      InvitationRoleEntity,
      ...roles.map((role) => ({ organizationId, invitationId, roleId: role.id })),
    );
    await recordEvents(unit, {
      type: 'member.invited',
      entity: { type: 'invitation', id: invitationId },
      data: { email, roles: roles.map((role) => role.key) },
    });
    await enqueue(unit, mailJob, { template: 'invitation', invitationId });
    return { status: 'invited' };
  });
}

/** The organization of an invitation to the own proven address. */
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

async function beginMembership(unit: Unit, member: { organizationId: string; userId: string }): Promise<void> {
  const { now } = unit;
  const known = await unit.em.findOne(MembershipEntity, member);
  if (!known) {
    const instants = { joinedAt: now, createdAt: now, updatedAt: now };
    await unit.insert(MembershipEntity, { ...member, status: 'active', version: 1, ...instants });
    return;
  }
  // A suspension is lifted by those who run the organization, not by an older invitation.
  if (known.status === 'suspended') throw tenancyErrors.invitation_not_pending();
  if (known.status === 'ended') Object.assign(known, { status: 'active', title: null, joinedAt: now, endedAt: null });
  known.updatedAt = now;
  await unit.em.flush();
}

/**
 * Accepts an invitation to the own address: the membership begins, or begins again, with the roles that it offers.
 * @throws `unauthenticated`, `email_not_verified`, `invitation_not_found`, `invitation_not_pending`, `organization_inactive`
 */
export async function acceptInvitation(ctx: ServiceContext, { id }: InvitationId): Promise<Member> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  const organizationId = await organizationOf(ctx, userId, id);
  const work = async (unit: Unit) => {
    // In the order of addMember, so that a renewal at the same time does not end in a deadlock.
    await lockOrganization(unit, organizationId);
    const invitation = await unit.load(InvitationEntity, { organizationId, id }, tenancyErrors.invitation_not_found);
    if (invitation.status !== 'pending' || invitation.expiresAt <= unit.now)
      throw tenancyErrors.invitation_not_pending();
    await beginMembership(unit, { organizationId, userId });
    Object.assign(invitation, { status: 'accepted', updatedAt: unit.now });
    await unit.em.flush();
    const offered = await unit.db
      .selectFrom('invitation_roles')
      .innerJoin('roles', 'roles.id', 'invitation_roles.role_id')
      .select(['roles.id', 'roles.key'])
      .where('invitation_roles.invitation_id', '=', id)
      .execute();
    const held = (await rolesOfMembers(ctx, unit.db, [userId])).get(userId) ?? [];
    const added = offered.filter((role) => !held.some((other) => other.id === role.id)).map((role) => role.id);
    await assignRoles(unit, { organizationId, userId }, added, invitation.invitedById);
    await recordEvents(unit, {
      type: 'member.joined',
      entity: { type: 'member', id: userId },
      data: { invitationId: id, roles: offered.map((role) => role.key) },
    });
    forgetPrincipal(unit, userId);
    return memberById(ctx, unit.db, organizationId, userId);
  };
  return mutate(ctx, work, organizationId);
}
