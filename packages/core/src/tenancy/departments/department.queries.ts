import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf, contains } from '../../database/sql.ts';
import type { Page, Person } from '../../kernel/schemas.ts';
import { departmentErrors } from './department.errors.ts';
import { idsOf, isWithinPath } from './department.path.ts';
import type { Department, DepartmentId, DepartmentListInput } from './department.schema.ts';

const columns = [
  'departments.id',
  'departments.name',
  'departments.description',
  'departments.parent_id as parentId',
  'departments.path_sort as path',
  'departments.head_user_id as headUserId',
  'heads.username',
  'heads.full_name as fullName',
  'departments.created_at as createdAt',
  'departments.updated_at as updatedAt',
  'departments.version',
] as const;

type DepartmentRow = Omit<Department, 'path' | 'head'> &
  Omit<Person, 'id'> & { path: string; headUserId: string | null };

const departmentOf = (row: DepartmentRow): Department => ({
  id: row.id,
  name: row.name,
  description: row.description,
  parentId: row.parentId,
  path: idsOf(row.path),
  head: row.headUserId === null ? null : { id: row.headUserId, username: row.username, fullName: row.fullName },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  version: row.version,
});

/** @throws `department_not_found` */
export async function departmentById(db: ReadDoor, id: string): Promise<Department> {
  const row = await db
    .selectFrom('departments')
    .leftJoin('users as heads', 'heads.id', 'departments.head_user_id')
    .select(columns)
    .where('departments.id', '=', id)
    .executeTakeFirst();
  if (!row) throw departmentErrors.department_not_found();
  return departmentOf(row);
}

/** @throws `department_not_found` */
export async function getDepartment(ctx: ServiceContext, { id }: DepartmentId): Promise<Department> {
  authorize(ctx, 'department:read');
  return read(ctx, (db) => departmentById(db, id));
}

const sortColumns = { createdAt: { by: sql`departments.created_at` }, name: { by: sql`departments.name_sort` } };

/**
 * Returns the paths of departments, by which the departments below them are then read as ranges. They are read first because with
 * one statement that joined on ranges, PostgreSQL compared every department with every other.
 */
export async function pathsOf(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('departments')
    .select('departments.path_sort as path')
    .where(anyOf(db.dialect, 'departments.id', departmentIds))
    .execute();
  return rows.map(({ path }) => path);
}

/** Lists the organization's departments. */
export async function listDepartments(ctx: ServiceContext, input: DepartmentListInput): Promise<Page<Department>> {
  authorize(ctx, 'department:read');
  const { parent, within, search } = input;
  const order = orderOf(input.sort, sortColumns, sql`departments.id`);
  const request = pageRequest(ctx, 'departments', input.sort, input);
  return read(ctx, async (db) => {
    let query = db.selectFrom('departments');
    if (parent)
      query = query.where((where) =>
        where.or([
          anyOf(
            db.dialect,
            'departments.parent_id',
            parent.filter((one) => one !== 'none'),
          ),
          ...(parent.includes('none') ? [where('departments.parent_id', 'is', null)] : []),
        ]),
      );
    if (within !== undefined) {
      const paths = await pathsOf(db, [within]);
      query = query.where((where) => where.or(paths.map((path) => isWithinPath('departments.path_sort', path))));
    }
    if (search !== undefined) query = query.where(contains('departments.name_sort', search.toLowerCase()));
    const rows = query.leftJoin('users as heads', 'heads.id', 'departments.head_user_id').select(columns);
    const { rows: shown, nextCursor } = await readPage(rows, order, request);
    return { data: shown.map(departmentOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
