import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { byStrength, readRoles, type ResolvedRole, roleIn } from './role.hierarchy.ts';
import { roles } from './role.record.ts';
import type { HeldRole, Role, RoleListInput } from './role.schema.ts';

/** Lists the roles of the organization. */
export async function listRoles(ctx: ServiceContext, input: RoleListInput): Promise<Page<Role>> {
  authorize(ctx, 'role:read');
  return read(ctx, async (db) => {
    // What a role allows depends on other roles. There are few enough to read all of them.
    const [hierarchy, { data, ...page }] = await Promise.all([
      readRoles(db),
      roles.page(ctx, db, input, roles.from(db)),
    ]);
    return { data: data.flatMap(({ id }) => hierarchy.get(id) ?? []).map(roleOf), ...page };
  });
}

/** @throws `role_not_found` */
export async function getRole(ctx: ServiceContext, { id }: ById): Promise<Role> {
  authorize(ctx, 'role:read');
  return read(ctx, async (db) => roleOf(roleIn(await readRoles(db), id)));
}

export function roleOf({ id, key, name, builtIn, parentId, version, own, ...effective }: ResolvedRole): Role {
  return {
    id,
    key,
    name,
    builtIn,
    permissions: [...own.permissions],
    constraints: [...own.constraints],
    parentId,
    effectivePermissions: [...effective.permissions],
    effectiveConstraints: [...effective.constraints],
    version,
  };
}

export const heldRoleOf = ({ id, key, name }: HeldRole): HeldRole => ({ id, key, name });

/**
 * Groups rows of roles, the strongest role first.
 * @param groupOf the key of the group that a row belongs to
 */
export function rolesBy<Row extends HeldRole>(
  rows: readonly Row[],
  groupOf: (row: Row) => string,
): ReadonlyMap<string, HeldRole[]> {
  const groups = Map.groupBy([...rows].sort(byStrength), groupOf);
  return new Map([...groups].map(([group, held]) => [group, held.map(heldRoleOf)]));
}

/**
 * Reads the roles with these ids, the strongest first. Inside a unit, lock the organization row first: then they stay as they are
 * read until commit.
 * @throws `role_not_found`
 */
export async function requireRoles(db: ReadDoor, ids: readonly string[]): Promise<ResolvedRole[]> {
  const hierarchy = await readRoles(db);
  return ids.map((id, index) => roleIn(hierarchy, id, 'roleIds', index)).toSorted(byStrength);
}
