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

/**
 * Whether a column refers to one of these departments; `none` among them matches null.
 * @param subtree whether the departments below them count too
 */
export async function inDepartments(db: ReadDoor, column: string, departmentIds: readonly string[], subtree: boolean) {
  const paths = subtree
    ? await pathsOf(
        db,
        departmentIds.filter((one) => one !== 'none'),
      )
    : [];
  if (paths.length === 0) return anyOfOrNone(db.dialect, column, departmentIds);
  const below = await db
    .selectFrom('departments')
    .select('departments.id')
    .where((where) => where.or(paths.map((path) => isWithinPath('departments.path_sort', path))))
    .execute();
  return anyOfOrNone(db.dialect, column, [...departmentIds, ...below.map(({ id }) => id)]);
}

/** Lists the organization's departments. */
export async function listDepartments(ctx: ServiceContext, input: DepartmentListInput): Promise<Page<Department>> {
  authorize(ctx, 'department:read');
  const { parent, within, search } = input;
  return read(ctx, async (db) => {
    let query = departments.matching(db, { parentId: parent, nameSort: { contains: search } });
    if (within !== undefined) {
      const paths = await pathsOf(db, [within]);
      query = query.where((where) => where.or(paths.map((path) => isWithinPath('departments.path_sort', path))));
    }
    return departments.page(ctx, db, input, query);
  });
}
