import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { isWithinPath } from '../departments/department.path.ts';

/**
 * The teams that belong to departments or to anything below them. The paths are read first: as one statement with a join on
 * ranges, PostgreSQL compared every department with every other.
 */
export async function teamIdsWithin(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const tops = await db
    .selectFrom('departments')
    .select('departments.path_sort as path')
    .where(anyOf(db.dialect, 'departments.id', departmentIds))
    .execute();
  if (tops.length === 0) return [];
  const teams = await db
    .selectFrom('departments as part')
    .innerJoin('teams', 'teams.department_id', 'part.id')
    .select('teams.id')
    .where((where) => where.or(tops.map(({ path }) => isWithinPath('part.path_sort', path))))
    .execute();
  return teams.map(({ id }) => id);
}
