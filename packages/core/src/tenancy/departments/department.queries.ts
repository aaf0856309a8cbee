import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf, anyOfOrNone } from '../../database/sql.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { isWithinPath } from './department.path.ts';
import { departments } from './department.record.ts';
import type { Department, DepartmentListInput } from './department.schema.ts';

/** @throws `department_not_found` */
export async function getDepartment(ctx: ServiceContext, { id }: ById): Promise<Department> {
  authorize(ctx, 'department:read');
  return read(ctx, (db) => departments.get(db, id));
}

/**
 * Returns the ids of these departments and those below them. Their paths are read first, because with one statement that joined on
 * ranges, PostgreSQL compared every department with every other.
 */
async function idsWithin(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const tops = await db
    .selectFrom('departments')
    .select('departments.path_sort as path')
    .where(anyOf(db.dialect, 'departments.id', departmentIds))
    .execute();
  const within = await db
    .selectFrom('departments')
    .select('departments.id')
    .where((where) => where.or(tops.map(({ path }) => isWithinPath('departments.path_sort', path))))
    .execute();
  return within.map(({ id }) => id);
}

/**
 * Whether a column refers to one of these departments; `none` among them matches null.
 * @param subtree whether the departments below them count too
 */
export async function inDepartments(db: ReadDoor, column: string, departmentIds: readonly string[], subtree: boolean) {
  if (!subtree) return anyOfOrNone(db.dialect, column, departmentIds);
  const ids = departmentIds.filter((one) => one !== 'none');
  return anyOfOrNone(db.dialect, column, [...departmentIds, ...(await idsWithin(db, ids))]);
}

/** Lists the organization's departments. */
export async function listDepartments(ctx: ServiceContext, input: DepartmentListInput): Promise<Page<Department>> {
  authorize(ctx, 'department:read');
  const { parent, within, search } = input;
  return read(ctx, async (db) => {
    let query = departments.matching(db, { parentId: parent, nameSort: { contains: search } });
    if (within !== undefined) query = query.where(await inDepartments(db, 'departments.id', [within], true));
    return departments.page(ctx, db, input, query);
  });
}
