import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import type { Page } from '../../kernel/schemas.ts';
import type { RoleAssignment, RoleAssignmentId, RoleAssignmentListInput } from './role-assignment.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

const columns = [
  'role_assignments.id',
  'role_assignments.department_id as departmentId',
  'role_assignments.team_id as teamId',
  'role_assignments.valid_to as validTo',
  'role_assignments.created_at as createdAt',
  'role_assignments.user_id as userId',
  'users.username',
  'users.full_name as fullName',
  'roles.id as roleId',
  'roles.key as roleKey',
  'roles.name as roleName',
] as const;

const joined = (db: ReadDoor) =>
  db
    .selectFrom('role_assignments')
    .innerJoin('roles', 'roles.id', 'role_assignments.role_id')
    .innerJoin('users', 'users.id', 'role_assignments.user_id');

interface Row {
  id: string;
  departmentId: string | null;
  teamId: string | null;
  validTo: string | null;
  createdAt: string;
  userId: string;
  username: string | null;
  fullName: string | null;
  roleId: string;
  roleKey: string;
  roleName: string;
}

/** Returns the scope of an assignment from its two columns. */
export function scopeOf({
  departmentId,
  teamId,
}: {
  departmentId?: string | null | undefined;
  teamId?: string | null | undefined;
}) {
  if (departmentId) return { kind: 'department' as const, id: departmentId };
  if (teamId) return { kind: 'team' as const, id: teamId };
  return { kind: 'organization' as const, id: null };
}

const assignmentOf = (row: Row): RoleAssignment => ({
  id: row.id,
  user: { id: row.userId, username: row.username, fullName: row.fullName },
  role: { id: row.roleId, key: row.roleKey, name: row.roleName },
  scope: scopeOf(row),
  validTo: row.validTo,
  createdAt: row.createdAt,
});

/** Lists role assignments. */
export async function listRoleAssignments(
  ctx: ServiceContext,
  input: RoleAssignmentListInput,
): Promise<Page<RoleAssignment>> {
  authorize(ctx, 'role:read');
  const { dialect } = ctx.database.engine;
  const id = sql`role_assignments.id`;
  const order = orderOf(input.sort, { createdAt: { by: sql`role_assignments.created_at` } }, id);
  const request = pageRequest(ctx, 'role-assignments', input.sort, input);
  const filters = [
    ['role_assignments.user_id', input.user],
    ['role_assignments.role_id', input.role],
    ['role_assignments.department_id', input.department],
    ['role_assignments.team_id', input.team],
  ] as const;
  return read(ctx, async (db) => {
    let query = joined(db);
    for (const [column, ids] of filters) if (ids) query = query.where(anyOf(dialect, column, ids));
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    return { data: rows.map(assignmentOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** @throws `role_assignment_not_found` */
export async function assignmentById(db: ReadDoor, id: string): Promise<RoleAssignment> {
  const row = await joined(db).select(columns).where('role_assignments.id', '=', id).executeTakeFirst();
  if (!row) throw tenancyErrors.role_assignment_not_found();
  return assignmentOf(row);
}

/** @throws `role_assignment_not_found` */
export async function getRoleAssignment(ctx: ServiceContext, { id }: RoleAssignmentId): Promise<RoleAssignment> {
  authorize(ctx, 'role:read');
  return read(ctx, (db) => assignmentById(db, id));
}
