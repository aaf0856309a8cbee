import { ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { Row } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { claimAt, oidcErrors, type ProvenPerson } from '../../identity/index.ts';
import { beginMembership } from '../memberships/membership.lifecycle.ts';
import type { MembershipEntity } from '../memberships/membership.entity.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { members } from '../memberships/membership.record.ts';
import { requireSeatToOffer } from '../memberships/seats.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { assignRoles, idsOf, keysOf, replaceRoles, rolesOfMembers } from '../role-assignments/held-roles.ts';
import { hasAnotherOwner } from '../role-assignments/owner.rules.ts';
import { readRoles, type ResolvedRole, type RoleHierarchy } from '../roles/role.hierarchy.ts';
import { identityProviderErrors } from './identity-provider.record.ts';
import { mappingsOf } from './identity-provider.queries.ts';
import { findOrganizationIssuer, type OrganizationIssuer } from './provider-issuer.ts';

/*
 * What a sign-in at an organization's issuer changes there. It runs behind the identity door, which has no walls, so every
 * statement here names the organization.
 */

/**
 * Loads the issuer as it is now, and locks its organization until commit. Changes of the issuer wait, and members are counted
 * exactly.
 * @throws `oidc_issuer_not_found`, `oidc_rejected` when it has become another issuer since it proved somebody
 */
export async function lockIssuer(unit: Unit, { id, organizationId, issuer, clientId }: OrganizationIssuer) {
  await lockOrganization(unit, organizationId);
  const now = await findOrganizationIssuer(unit.db, unit.ctx.settings, id);
  if (!now) throw oidcErrors.oidc_issuer_not_found();
  if (now.issuer !== issuer || now.clientId !== clientId) throw oidcErrors.oidc_rejected();
  return now;
}

/** Returns the values of a claim, which is a text or a list of texts. */
function valuesOf(claims: ProvenPerson['claims'], path: string): ReadonlySet<unknown> {
  const said = claimAt(claims, path);
  return new Set<unknown>(Array.isArray(said) ? said : [said]);
}

/** Returns the roles that the issuer's mappings give for these claims, or its default role. */
async function rolesFor(
  unit: Unit,
  { id, organizationId, roleClaim, defaultRoleId }: OrganizationIssuer,
  hierarchy: RoleHierarchy,
  claims: ProvenPerson['claims'],
): Promise<ResolvedRole[]> {
  const values = roleClaim === null ? new Set() : valuesOf(claims, roleClaim);
  const mappings = (await mappingsOf(unit.db, organizationId, [id])).get(id) ?? [];
  const mapped = new Set(mappings.filter(({ value }) => values.has(value)).map(({ roleId }) => roleId));
  if (mapped.size === 0 && defaultRoleId !== null) mapped.add(defaultRoleId);
  return [...hierarchy.values()].filter((role) => mapped.has(role.id));
}

/** Replaces the roles that a member has everywhere. The last owner stays an owner. */
async function setRoles(
  unit: Unit,
  issuer: OrganizationIssuer,
  membership: Row<typeof MembershipEntity>,
  hierarchy: RoleHierarchy,
  wanted: readonly ResolvedRole[],
): Promise<void> {
  const { organizationId, userId } = membership;
  const held = (await rolesOfMembers(unit.ctx, unit.db, [userId], organizationId)).get(userId) ?? [];
  const before = held.flatMap(({ id }) => hierarchy.get(id) ?? []);
  const staysOwner = keysOf(before).includes(ownerKey) && !(await hasAnotherOwner(unit, organizationId, userId));
  const after = [...hierarchy.values()].filter(
    (role) => wanted.includes(role) || (staysOwner && role.key === ownerKey),
  );
  // No user did this: the issuer did.
  const by = { data: { identityProviderId: issuer.id }, organizationId, actorId: null };
  await replaceRoles(unit, { membership, roles: before }, after, issuer.updatedById, by);
}

async function addressOf({ db }: Unit, userId: string): Promise<string> {
  const user = db.selectFrom('users').select('email_key as emailKey').where('id', '=', userId);
  return (await user.executeTakeFirstOrThrow()).emailKey;
}

/**
 * Lets a person whom a locked issuer has proven into its organization. Makes them a member if the issuer may create members, and
 * gives them the roles of its mappings.
 * @throws `oidc_no_membership`, `oidc_no_role`, `limit_exceeded`
 */
export async function enterOrganization(
  unit: Unit,
  issuer: OrganizationIssuer,
  userId: string,
  claims: ProvenPerson['claims'],
): Promise<void> {
  const { organizationId } = issuer;
  const refused = identityProviderErrors.oidc_no_membership;
  const [known] = await members.lockMany(unit, { organizationId, userId });
  if (known?.status === 'suspended') throw refused();
  const hierarchy = await readRoles(unit.db, organizationId);
  const wanted = await rolesFor(unit, issuer, hierarchy, claims);
  if (known?.status === 'active') {
    if (issuer.roleClaim !== null && wanted.length > 0) await setRoles(unit, issuer, known, hierarchy, wanted);
    return;
  }
  if (!issuer.createMembers) throw refused();
  if (wanted.length === 0) throw identityProviderErrors.oidc_no_role();
  // Nobody invited them, so the seats of pending invitations are not theirs to take.
  await requireSeatToOffer(unit, organizationId, await addressOf(unit, userId));
  await beginMembership(unit, { organizationId, userId }, refused);
  await assignRoles(unit, { organizationId, userId }, idsOf(wanted), issuer.updatedById);
  const data = { identityProviderId: issuer.id, roles: keysOf(wanted) };
  await recordEvents(unit, memberEvents.joined.about(userId, { data, organizationId, actorId: userId }));
}
