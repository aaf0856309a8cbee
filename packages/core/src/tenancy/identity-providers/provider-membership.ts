import { ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { claimAt, oidcErrors, type ProvenPerson } from '../../identity/index.ts';
import { DomainError } from '../../kernel/errors.ts';
import { beginMembership } from '../memberships/membership.begin.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { requireSeatToOffer } from '../memberships/seats.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { assignRoles, keysOf, rolesOfMembers, unassignRoles } from '../role-assignments/held-roles.ts';
import { requireAnotherOwner } from '../role-assignments/owner.rules.ts';
import { readRolesOf, type ResolvedRole, type RoleHierarchy } from '../roles/role.hierarchy.ts';
import { identityProviderErrors } from './identity-provider.errors.ts';
import { mappingsOf } from './identity-provider.queries.ts';
import { findOrganizationIssuer, type OrganizationIssuer } from './provider-issuer.ts';

/*
 * What a sign-in at an organization's issuer makes of somebody there. It runs behind the identity door, which has no walls:
 * everything here names the organization.
 */

/**
 * The issuer as it is now, with its organization locked until commit: what changes it waits, and who joins is counted exactly.
 * @throws `oidc_issuer_not_found`, `oidc_rejected` when it has become another since it proved somebody
 */
export async function holdIssuer(unit: Unit, { id, organizationId, issuer, clientId }: OrganizationIssuer) {
  await lockOrganization(unit, organizationId);
  const now = await findOrganizationIssuer(unit.db, unit.ctx.settings, id);
  if (!now) throw oidcErrors.oidc_issuer_not_found();
  if (now.issuer !== issuer || now.clientId !== clientId) throw oidcErrors.oidc_rejected();
  return now;
}

/** What a claim says: a text, or a list of them. */
function valuesOf(claims: ProvenPerson['claims'], path: string): ReadonlySet<unknown> {
  const said = claimAt(claims, path);
  return new Set<unknown>(Array.isArray(said) ? said : [said]);
}

/** The roles of whom an issuer says this: those that it maps, or its default. */
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

/** Whether the organization would be without an owner if this one were none any more. */
const isLastOwner = (unit: Unit, organizationId: string, userId: string): Promise<boolean> =>
  requireAnotherOwner(unit, organizationId, userId).then(
    () => false,
    (error: unknown) => {
      if (error instanceof DomainError) return true;
      throw error;
    },
  );

const without = (roles: readonly ResolvedRole[], others: readonly ResolvedRole[]): ResolvedRole[] =>
  roles.filter((role) => !others.includes(role));

const idsOf = (roles: readonly ResolvedRole[]): string[] => roles.map(({ id }) => id);

/** Makes these the roles that a member holds everywhere; the last owner stays one. */
async function setRoles(
  unit: Unit,
  issuer: OrganizationIssuer,
  membership: { organizationId: string; userId: string; version: number; updatedAt: Date },
  hierarchy: RoleHierarchy,
  wanted: readonly ResolvedRole[],
): Promise<void> {
  const { organizationId, userId } = membership;
  const held = (await rolesOfMembers(unit.ctx, unit.db, [userId], organizationId)).get(userId) ?? [];
  const before = held.flatMap(({ id }) => hierarchy.get(id) ?? []);
  const added = without(wanted, before);
  let removed = without(before, wanted);
  if (keysOf(removed).includes(ownerKey) && (await isLastOwner(unit, organizationId, userId)))
    removed = removed.filter(({ key }) => key !== ownerKey);
  if (added.length === 0 && removed.length === 0) return;
  await unassignRoles(unit, userId, removed);
  await assignRoles(unit, { organizationId, userId }, idsOf(added), issuer.updatedById);
  membership.updatedAt = new Date(Math.max(unit.now.getTime(), membership.updatedAt.getTime() + 1));
  await unit.em.flush();
  const after = [...hierarchy.values()].filter((role) => [...without(before, removed), ...added].includes(role));
  await recordEvents(unit, {
    type: 'member.role_changed',
    entity: { type: 'member', id: userId },
    changes: { roles: { from: keysOf(before), to: keysOf(after) } },
    data: { version: membership.version, identityProviderId: issuer.id },
    organizationId,
    // Nobody here did it: the issuer said so.
    actorId: null,
  });
  forgetPrincipal(unit, userId);
}

async function addressOf({ db }: Unit, userId: string): Promise<string> {
  const user = db.selectFrom('users').select('email_key as emailKey').where('id', '=', userId);
  return (await user.executeTakeFirstOrThrow()).emailKey;
}

/**
 * Lets somebody whom a held issuer has proven into its organization: makes them a member if it may, and gives them the roles that
 * it says.
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
  const known = await unit.em.findOne(MembershipEntity, { organizationId, userId });
  if (known?.status === 'suspended') throw refused();
  const hierarchy = await readRolesOf(unit.db, organizationId);
  const wanted = await rolesFor(unit, issuer, hierarchy, claims);
  if (known?.status === 'active') {
    if (issuer.roleClaim !== null && wanted.length > 0) await setRoles(unit, issuer, known, hierarchy, wanted);
    return;
  }
  if (!issuer.createMembers) throw refused();
  if (wanted.length === 0) throw identityProviderErrors.oidc_no_role();
  // Nobody asked them in: the seats of those who are asked stay theirs.
  await requireSeatToOffer(unit, organizationId, await addressOf(unit, userId));
  await beginMembership(unit, { organizationId, userId }, refused);
  await assignRoles(unit, { organizationId, userId }, idsOf(wanted), issuer.updatedById);
  await recordEvents(unit, {
    type: 'member.joined',
    entity: { type: 'member', id: userId },
    data: { identityProviderId: issuer.id, roles: keysOf(wanted) },
    organizationId,
    actorId: userId,
  });
  forgetPrincipal(unit, userId);
}
