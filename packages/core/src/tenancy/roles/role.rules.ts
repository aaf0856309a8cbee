import { ownerKey } from '../../access/index.ts';
import type { Grant, GrantScope, Principal } from '../../kernel/principal.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { RoleDefinition } from './role.hierarchy.ts';

/** Where, and until when, somebody is to have a role. */
export interface Extent {
  scope: { kind: GrantScope['kind']; id: string | null };
  validTo: Date | null;
}

const everywhereForEver: Extent = { scope: { kind: 'organization', id: null }, validTo: null };

const lastsAs = (grant: Grant, validTo: Date | null): boolean =>
  !grant.validTo || (validTo !== null && validTo <= grant.validTo);

/**
 * Whether a grant covers a scope. A grant in a department covers it and the teams in and below it. A department below it counts
 * as not covered: the grant does not say which they are.
 */
function reachesAs({ scope }: Grant, { kind, id }: Extent['scope']): boolean {
  if (scope.kind === 'organization') return true;
  if (id === null) return false;
  return (scope.kind === kind && scope.id === id) || (kind === scope.place && scope.placeIds.has(id));
}

const covers = (grant: Grant, permission: string, { constraints }: Pick<RoleDefinition, 'constraints'>, held: Extent) =>
  grant.permissions.has(permission) &&
  grant.constraints.every((constraint) => constraints.includes(constraint)) &&
  reachesAs(grant, held.scope) &&
  lastsAs(grant, held.validTo);

/** Whether the principal's own grants allow all of this, without narrower constraints, scopes or ends. */
export const coversAll = (
  { grants }: Principal,
  { permissions, constraints }: RoleDefinition,
  held: Extent = everywhereForEver,
): boolean =>
  [...permissions].every((permission) => grants.some((grant) => covers(grant, permission, { constraints }, held)));

/** An API key of an owner is no owner: the scopes of the key would not limit what it gives away. */
const isOwner = ({ grants, apiKeyId }: Principal): boolean =>
  !apiKeyId &&
  grants.some((grant) => grant.roleKey === ownerKey && grant.scope.kind === 'organization' && !grant.validTo);

/**
 * Throws when one of the roles to give or take allows more than the principal's own roles.
 * @throws `role_exceeds_own`
 */
export function refuseBeyondOwn(
  principal: Principal,
  roles: readonly (RoleDefinition & { key: string })[],
  held: Extent = everywhereForEver,
): void {
  const beyond = roles.find((role) =>
    role.key === ownerKey ? !isOwner(principal) : !coversAll(principal, role, held),
  );
  if (beyond)
    throw tenancyErrors.role_exceeds_own({ message: `Your own roles allow less than the role ${beyond.key}.` });
}

/** What one definition allows beyond another: its new permissions, or all of them when it lacks a constraint of the other. */
export function widened(from: RoleDefinition, to: RoleDefinition): RoleDefinition {
  const loosened = from.constraints.some((constraint) => !to.constraints.includes(constraint));
  const gained = [...to.permissions].filter((permission) => loosened || !from.permissions.has(permission));
  return { permissions: new Set(gained), constraints: to.constraints };
}
