import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Page } from '../../kernel/schemas.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { byStrength, readRoles, type ResolvedRole } from './role.hierarchy.ts';
import type { HeldRole, Role, RoleId, RoleListInput } from './role.schema.ts';

/** Lists the organization's roles. */
export async function listRoles(ctx: ServiceContext, input: RoleListInput): Promise<Page<Role>> {
  authorize(ctx, 'role:read');
  const order = orderOf(input.sort, { createdAt: { by: sql`roles.created_at` } }, sql`roles.id`);
  const request = pageRequest(ctx, 'roles', input.sort, input);
  return read(ctx, async (db) => {
    const query = db.selectFrom('roles');
    // What a role allows depends on other roles. There are few enough to read all of them.
    const [hierarchy, { rows, nextCursor }] = await Promise.all([
      readRoles(db),
      readPage(query.select('roles.id'), order, request),
    ]);
    const data = rows.flatMap(({ id }) => hierarchy.get(id) ?? []).map(roleOf);
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** @throws `role_not_found` */
export async function getRole(ctx: ServiceContext, { id }: RoleId): Promise<Role> {
  authorize(ctx, 'role:read');
  return read(ctx, async (db) => {
    const role = (await readRoles(db)).get(id);
    if (!role) throw tenancyErrors.role_not_found();
    return roleOf(role);
  });
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

/** Groups rows of roles by their holder, the strongest role first. */
export function rolesBy<Row extends HeldRole>(
  rows: readonly Row[],
  holderOf: (row: Row) => string,
): ReadonlyMap<string, HeldRole[]> {
  const held = new Map<string, HeldRole[]>();
  for (const row of [...rows].sort(byStrength)) {
    const { id, key, name } = row;
    const roles = held.get(holderOf(row));
    if (roles) roles.push({ id, key, name });
    else held.set(holderOf(row), [{ id, key, name }]);
  }
  return held;
}

/**
 * Resolves the roles with these ids, the strongest first. To decide on them, the caller must have locked the organization row.
 * @throws `role_not_found`
 */
export async function requireRoles(db: ReadDoor, ids: readonly string[]): Promise<ResolvedRole[]> {
  const hierarchy = await readRoles(db);
  return ids
    .map((id, index) => {
      const role = hierarchy.get(id);
      if (!role) throw tenancyErrors.role_not_found({ field: ['roleIds', index] });
      return role;
    })
    .toSorted(byStrength);
}
