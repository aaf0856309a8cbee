import { sql } from 'kysely';
import { authorize, builtInRoleKeys } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import type { Page } from '../kernel/schemas.ts';
import { definitionOf } from './role.rules.ts';
import type { HeldRole, Role, RoleListInput } from './role.schema.ts';
import { tenancyErrors } from './tenancy.errors.ts';

/** A page of the organization's roles. */
export async function listRoles(ctx: ServiceContext, input: RoleListInput): Promise<Page<Role>> {
  authorize(ctx, 'role:read');
  const order = orderOf(input.sort, { createdAt: { by: sql`roles.created_at` } }, sql`roles.id`);
  const request = pageRequest(ctx, 'roles', input.sort, input);
  return read(ctx, async (db) => {
    const query = db.selectFrom('roles');
    const columns = query.select(['roles.id', 'roles.key', 'roles.name', 'roles.built_in as builtIn']);
    const { rows, nextCursor } = await readPage(columns, order, request);
    return { data: rows.map(roleOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

function roleOf({ id, key, name, builtIn }: HeldRole & { builtIn: boolean }): Role {
  const { permissions, constraints } = definitionOf(key);
  return { id, key, name, builtIn, permissions: [...permissions], constraints: [...constraints], parentId: null };
}

const rank = (key: string): number => {
  const index = (builtInRoleKeys as readonly string[]).indexOf(key);
  return index === -1 ? builtInRoleKeys.length : index;
};

/** The strongest first. */
const byStrength = (a: HeldRole, b: HeldRole): number => rank(a.key) - rank(b.key) || (a.key < b.key ? -1 : 1);

/** Sorts rows of roles under whatever holds them. */
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

/** The roles of members of the organization of the context, by their user ids, in one statement. */
export async function rolesOfMembers(
  ctx: ServiceContext,
  db: ReadDoor,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, HeldRole[]>> {
  if (userIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('role_assignments')
    .innerJoin('roles', 'roles.id', 'role_assignments.role_id')
    .select(['role_assignments.user_id as userId', 'roles.id', 'roles.key', 'roles.name'])
    .where(anyOf(ctx.database.engine.dialect, 'role_assignments.user_id', userIds))
    .execute();
  return rolesBy(rows, (row) => row.userId);
}

/**
 * The roles of these ids, the strongest first.
 * @throws `role_not_found`
 */
export async function requireRoles(ctx: ServiceContext, db: ReadDoor, ids: readonly string[]): Promise<HeldRole[]> {
  const roles = await db
    .selectFrom('roles')
    .select(['roles.id', 'roles.key', 'roles.name'])
    .where(anyOf(ctx.database.engine.dialect, 'roles.id', ids))
    .execute();
  const missing = ids.findIndex((id) => !roles.some((role) => role.id === id));
  if (missing >= 0) throw tenancyErrors.role_not_found({ field: ['roleIds', missing] });
  return roles.sort(byStrength);
}
