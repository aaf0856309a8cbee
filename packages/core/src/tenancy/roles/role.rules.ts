import { ownerKey } from '../../access/index.ts';
import type { Grant, GrantScope, Principal } from '../../kernel/principal.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { RoleDefinition } from './role.hierarchy.ts';

/** Where, and until when, a role is about to be held. */
export interface Holding {
  scope: { kind: GrantScope['kind']; id: string | null };
  validTo: Date | null;
}

const forEver: Holding = { scope: { kind: 'organization', id: null }, validTo: null };

const lastsAs = (grant: Grant, validTo: Date | null): boolean =>
  !grant.validTo || (validTo !== null && validTo <= grant.validTo);

/** A department's role covers that department and the teams in it; of departments below it only itself can say. */
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

/** Whether the principal holds all of this themselves, and no more narrowly. */
export const coversAll = (
  { grants }: Principal,
  { permissions, constraints }: RoleDefinition,
  held: Holding = forEver,
): boolean =>
  [...permissions].every((permission) => grants.some((grant) => covers(grant, permission, { constraints }, held)));

/** A key acts for an owner without being one: its scopes would say nothing of what it gives away. */
const isOwner = ({ grants, apiKeyId }: Principal): boolean =>
  !apiKeyId &&
  grants.some((grant) => grant.roleKey === ownerKey && grant.scope.kind === 'organization' && !grant.validTo);

/**
 * Refuses to give or take roles that allow more than the principal's own.
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

/**
 * What one definition allows beyond another: what is new, or all of it, when a constraint has gone.
 */
export function widened(from: RoleDefinition, to: RoleDefinition): RoleDefinition {
  const loosened = from.constraints.some((constraint) => !to.constraints.includes(constraint));
  const gained = [...to.permissions].filter((permission) => loosened || !from.permissions.has(permission));
  return { permissions: new Set(gained), constraints: to.constraints };
}
