import type { ReadDoor } from '../../database/read-door.ts';
import { isWithinPath } from '../departments/department.path.ts';
import { pathsOf } from '../departments/department.queries.ts';

/** Returns the ids of the teams in these departments and below them. */
export async function teamIdsWithin(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const paths = await pathsOf(db, departmentIds);
  if (paths.length === 0) return [];
  const teams = await db
    .selectFrom('departments as part')
    .innerJoin('teams', 'teams.department_id', 'part.id')
    .select('teams.id')
    .where((where) => where.or(paths.map((path) => isWithinPath('part.path_sort', path))))
    .execute();
  return teams.map(({ id }) => id);
}
