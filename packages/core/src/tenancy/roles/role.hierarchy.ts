import {
  type BuiltInRoleKey,
  builtInRoleKeys,
  builtInRoles,
  isBuiltInRoleKey,
  permissions,
} from '../../access/index.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { type AccessPolicy, type Constraint, constraints } from '../../kernel/principal.ts';

/** What a role allows, and under which constraints, with what it inherits. */
export interface RoleDefinition {
  readonly permissions: ReadonlySet<string>;
  readonly constraints: readonly Constraint[];
}

/** A role of an organization, with what it says itself and what that comes to. */
export interface ResolvedRole extends RoleDefinition {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly builtIn: boolean;
  readonly parentId: string | null;
  readonly version: number;
  readonly own: RoleDefinition;
}

/** Every role of one organization, by id, the strongest built-in first and the custom ones behind them. */
export type RoleHierarchy = ReadonlyMap<string, ResolvedRole>;

/** A role as it stands in the database, or as it is about to. */
export interface RoleRow {
  id: string;
  key: string;
  name: string;
  builtIn: boolean;
  parentId: string | null;
  permissions: readonly string[];
  constraints: readonly string[];
  version: number;
}

export const roleColumns = [
  'roles.id',
  'roles.key',
  'roles.name',
  'roles.built_in as builtIn',
  'roles.parent_id as parentId',
  'roles.permissions',
  'roles.constraints',
  'roles.version',
] as const;

const nothing: RoleDefinition = { permissions: new Set(), constraints: [] };

const builtIn = new Map<string, RoleDefinition>(
  (Object.keys(builtInRoles) as BuiltInRoleKey[]).map((key) => [
    key,
    { permissions: new Set<string>(builtInRoles[key].permissions), constraints: builtInRoles[key].constraints },
  ]),
);

/** What the code says of a built-in role; an unknown one allows nothing. */
export const definitionOf = (key: string): RoleDefinition =>
  isBuiltInRoleKey(key) ? (builtIn.get(key) ?? nothing) : nothing;

/** What a row says itself. A permission that the catalogue has lost since allows nothing. */
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

/** The strongest first. */
export const byStrength = (a: { key: string }, b: { key: string }): number =>
  rank(a.key) - rank(b.key) || (a.key < b.key ? -1 : 1);

/** Works out what every role comes to. */
export function resolveRoles(rows: readonly RoleRow[]): RoleHierarchy {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const resolve = (row: RoleRow, below: ReadonlySet<string>): RoleDefinition => {
    const own = ownOf(row);
    const parent = row.parentId === null || below.has(row.parentId) ? undefined : byId.get(row.parentId);
    return parent ? join(own, resolve(parent, new Set([...below, row.id]))) : own;
  };
  return new Map(
    rows.toSorted(byStrength).map((row) => {
      const { id, key, name, parentId, version } = row;
      return [
        id,
        { id, key, name, builtIn: row.builtIn, parentId, version, own: ownOf(row), ...resolve(row, new Set([id])) },
      ];
    }),
  );
}

/** Reads the roles of the organization of the context. */
export async function readRoles(db: ReadDoor): Promise<RoleHierarchy> {
  return resolveRoles(await db.selectFrom('roles').select(roleColumns).execute());
}

/** The same behind the identity door, where no wall says whose they are. */
export async function readRolesOf(db: ReadDoor, organizationId: string): Promise<RoleHierarchy> {
  const rows = db.selectFrom('roles').select(roleColumns).where('roles.organization_id', '=', organizationId);
  return resolveRoles(await rows.execute());
}

/** The roles whose meaning depends on a role: it, and what inherits from it. */
export function dependants(rows: readonly RoleRow[], id: string): string[] {
  const found = [id];
  for (const at of found)
    for (const row of rows) if (row.parentId === at && !found.includes(row.id)) found.push(row.id);
  return found;
}

export const policyRolesOf = (hierarchy: RoleHierarchy): AccessPolicy['roles'] =>
  [...hierarchy.values()].map(({ key, permissions: allowed }) => ({ key, permissions: allowed }));
