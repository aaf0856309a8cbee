import { builtInRoleKeys, builtInRoles, permissions } from '../../access/index.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { type Constraint, constraints } from '../../kernel/principal.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { roles } from './role.record.ts';
import type { Role } from './role.schema.ts';

/** What a role allows, and under which constraints. */
export interface RoleDefinition {
  readonly permissions: ReadonlySet<string>;
  readonly constraints: readonly Constraint[];
}

/** A role as the database has it now, or will have it after a change. */
export type RoleRow = Omit<Role, 'effectivePermissions' | 'effectiveConstraints'>;

/** A role of an organization: its own definition, and the effective one, which includes what it inherits. */
export interface ResolvedRole extends RoleDefinition, Omit<RoleRow, keyof RoleDefinition> {
  readonly own: RoleDefinition;
}

/** Every role of one organization by id: the built-in ones first, from the strongest to the weakest, then the custom ones. */
export type RoleHierarchy = ReadonlyMap<string, ResolvedRole>;

const nothing: RoleDefinition = { permissions: new Set(), constraints: [] };

const builtIn = new Map<string, RoleDefinition>(
  Object.entries(builtInRoles).map(([key, role]) => [
    key,
    { permissions: new Set<string>(role.permissions), constraints: role.constraints },
  ]),
);

/** The definition of a built-in role. A key that the code does not know allows nothing. */
export const definitionOf = (key: string): RoleDefinition => builtIn.get(key) ?? nothing;

/** The definition of a role without what it inherits. A permission that is no longer in the catalogue allows nothing. */
function ownOf(row: RoleRow): RoleDefinition {
  if (row.builtIn) return definitionOf(row.key);
  return {
    permissions: new Set(permissions.filter((permission) => row.permissions.includes(permission))),
    constraints: constraints.filter((constraint) => row.constraints.includes(constraint)),
  };
}

const join = (one: RoleDefinition, other: RoleDefinition): RoleDefinition => ({
  permissions: new Set([...one.permissions, ...other.permissions]),
  constraints: constraints.filter((name) => one.constraints.includes(name) || other.constraints.includes(name)),
});

const rank = (key: string): number => {
  const index = (builtInRoleKeys as readonly string[]).indexOf(key);
  return index === -1 ? builtInRoleKeys.length : index;
};

/** Sorts the strongest role first. */
export const byStrength = (a: { key: string }, b: { key: string }): number =>
  rank(a.key) - rank(b.key) || (a.key < b.key ? -1 : 1);

/** Computes the effective definition of every role. */
export function resolveRoles(rows: readonly RoleRow[]): RoleHierarchy {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const resolve = (row: RoleRow, below: ReadonlySet<string>): RoleDefinition => {
    const own = ownOf(row);
    const parent = row.parentId === null || below.has(row.parentId) ? undefined : byId.get(row.parentId);
    return parent ? join(own, resolve(parent, new Set([...below, row.id]))) : own;
  };
  return new Map(
    rows.toSorted(byStrength).map((row) => [row.id, { ...row, own: ownOf(row), ...resolve(row, new Set([row.id])) }]),
  );
}

/**
 * Reads and resolves the roles of an organization.
 * @param organizationId needed behind the identity door, where no wall narrows them to one organization
 */
export async function readRoles(db: ReadDoor, organizationId?: string): Promise<RoleHierarchy> {
  return resolveRoles(await roles.select(roles.matching(db, { organizationId })).execute());
}

/** Returns the role with this id. @throws `role_not_found`, at the field of the input that names it */
export function roleIn(hierarchy: RoleHierarchy, id: string, ...field: readonly (string | number)[]): ResolvedRole {
  const role = hierarchy.get(id);
  if (!role) throw tenancyErrors.role_not_found(field.length > 0 ? { field } : {});
  return role;
}

/** The ids of the roles whose effective definition depends on a role: its own, and those of the roles that inherit from it. */
export function dependants(rows: readonly RoleRow[], id: string): string[] {
  const found = [id];
  for (const at of found)
    for (const row of rows) if (row.parentId === at && !found.includes(row.id)) found.push(row.id);
  return found;
}
