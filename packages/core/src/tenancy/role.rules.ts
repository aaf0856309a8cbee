import { type BuiltInRoleKey, builtInRoles, isBuiltInRoleKey } from '../access/index.ts';
import type { Constraint, Grant, Principal } from '../kernel/principal.ts';
import { tenancyErrors } from './tenancy.errors.ts';

/** What a role allows, and under which constraints. */
export interface RoleDefinition {
  permissions: ReadonlySet<string>;
  constraints: readonly Constraint[];
}

const nothing: RoleDefinition = { permissions: new Set(), constraints: [] };

const definitions = new Map<string, RoleDefinition>(
  (Object.keys(builtInRoles) as BuiltInRoleKey[]).map((key) => {
    const { permissions, constraints } = builtInRoles[key];
    return [key, { permissions: new Set<string>(permissions), constraints }];
  }),
);

/** What the code says of a built-in role; an unknown one allows nothing. */
export const definitionOf = (key: string): RoleDefinition =>
  isBuiltInRoleKey(key) ? (definitions.get(key) ?? nothing) : nothing;

/** The role that owns the organization. Owning is held, not made of permissions: only owners make owners. */
export const ownerKey = 'owner' satisfies BuiltInRoleKey;

const covers = (grant: Grant, permission: string, constraints: readonly Constraint[]): boolean =>
  grant.permissions.has(permission) && grant.constraints.every((constraint) => constraints.includes(constraint));

/** Whether the principal holds all that the role allows, and no more narrowly. */
function holds({ grants }: Principal, key: string): boolean {
  if (key === ownerKey) return grants.some((grant) => grant.roleKey === ownerKey);
  const { permissions, constraints } = definitionOf(key);
  return [...permissions].every((permission) => grants.some((grant) => covers(grant, permission, constraints)));
}

/**
 * Refuses to give or take roles that allow more than the principal's own.
 * @throws `role_exceeds_own`
 */
export function refuseBeyondOwn(principal: Principal, roles: readonly { key: string }[]): void {
  const beyond = roles.find((role) => !holds(principal, role.key));
  if (beyond)
    throw tenancyErrors.role_exceeds_own({ message: `Your own roles allow less than the role ${beyond.key}.` });
}
