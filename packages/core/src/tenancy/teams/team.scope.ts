import type { ReadDoor } from '../../database/read-door.ts';
import { inDepartments } from '../departments/department.queries.ts';
import { teams } from './team.record.ts';

/** Returns the ids of the teams in these departments and below them. */
export async function teamIdsWithin(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const within = await inDepartments(db, 'teams.department_id', departmentIds, true);
  const rows = await teams.from(db).select('teams.id').where(within).execute();
  return rows.map(({ id }) => id);
}
