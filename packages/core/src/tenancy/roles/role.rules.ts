import { ownerKey } from '../../access/index.ts';
import type { Grant, GrantScope, Principal } from '../../kernel/principal.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { RoleDefinition } from './role.hierarchy.ts';

/** The scope in which a role is given, and the instant at which it ends. */
export interface Holding {
  scope: { kind: GrantScope['kind']; id: string | null };
  validTo: Date | null;
}

const forEver: Holding = { scope: { kind: 'organization', id: null }, validTo: null };

const lastsAs = (grant: Grant, validTo: Date | null): boolean =>
  !grant.validTo || (validTo !== null && validTo <= grant.validTo);

/** A department's grant covers it and the teams in it and below it, not the departments below: a grant does not know them. */
function reachesAs({ scope }: Grant, held: Holding['scope']): boolean {
  if (scope.kind === 'organization') return true;
  if (held.id === null) return false;
  return (
    (scope.kind === held.kind && scope.id === held.id) || (held.kind === scope.place && scope.placeIds.has(held.id))
  );
}

const covers = (
  grant: Grant,
  permission: string,
  { constraints }: Pick<RoleDefinition, 'constraints'>,
  held: Holding,
) =>
  grant.permissions.has(permission) &&
  grant.constraints.every((constraint) => constraints.includes(constraint)) &&
  reachesAs(grant, held.scope) &&
  lastsAs(grant, held.validTo);

/** Whether the principal's own grants allow all of this, as widely and for as long. */
export const coversAll = (
  { grants }: Principal,
  { permissions, constraints }: RoleDefinition,
  held: Holding = forEver,
): boolean =>
  [...permissions].every((permission) => grants.some((grant) => covers(grant, permission, { constraints }, held)));

/** An API key of an owner acts as no owner: its scopes do not limit what it would give away. */
const isOwner = ({ grants, apiKeyId }: Principal): boolean =>
  !apiKeyId &&
  grants.some((grant) => grant.roleKey === ownerKey && grant.scope.kind === 'organization' && !grant.validTo);

/**
 * Throws if one of these roles allows more than the principal's own roles. Call it before roles are given or taken.
 * @throws `role_exceeds_own`
 */
export function refuseBeyondOwn(
  principal: Principal,
  roles: readonly (RoleDefinition & { key: string })[],
  held: Holding = forEver,
): void {
  const beyond = roles.find((role) =>
    role.key === ownerKey ? !isOwner(principal) : !coversAll(principal, role, held),
  );
  if (beyond)
    throw tenancyErrors.role_exceeds_own({ message: `Your own roles allow less than the role ${beyond.key}.` });
}

/** Returns what `to` allows beyond `from`: its new permissions, or all of them when a constraint was dropped. */
export function widened(from: RoleDefinition, to: RoleDefinition): RoleDefinition {
  const loosened = from.constraints.some((constraint) => !to.constraints.includes(constraint));
  const gained = [...to.permissions].filter((permission) => loosened || !from.permissions.has(permission));
  return { permissions: new Set(gained), constraints: to.constraints };
}
