import { anyOf } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { membersWith } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { projectMembers } from './project.record.ts';

/** Makes people members of a project. Those who are members already stay. The caller must have locked the organization row. */
export async function joinProject(unit: Unit, projectId: string, userIds: readonly string[]): Promise<void> {
  const wanted = [...new Set(userIds)];
  const known = await projectMembers.lockMany(unit, { projectId, userId: wanted }, { invisible: true });
  const added = wanted.filter((userId) => !known.some((member) => member.userId === userId));
  if (added.length === 0) return;
  await projectMembers.addMany(
    unit,
    added.map((userId) => ({ projectId, userId })),
  );
}

const privateProjects = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('projects')
    .select('projects.id')
    .where(anyOf(dialect, 'projects.id', ids))
    .where('projects.visibility', '=', 'private'),
);

interface People extends Readonly<Record<string, unknown>> {
  projectIds: readonly string[];
  userIds: readonly string[];
}

const membersAmong = statement((db, { projectIds, userIds }: People, dialect) =>
  db
    .selectFrom('project_members')
    .select(['project_members.project_id as projectId', 'project_members.user_id as userId'])
    .where(anyOf(dialect, 'project_members.project_id', projectIds))
    .where(anyOf(dialect, 'project_members.user_id', userIds)),
);

/** Says whether somebody may be assigned to tasks of a project. */
export type Assignable = (projectId: string, userId: string) => boolean;

/**
 * Finds out who may be assigned to the tasks of some projects: in a private one, its members, and those who may read all private projects.
 * @param wanted each project with the people who are to be assigned there
 */
export async function readAssignable(
  unit: Unit,
  wanted: readonly { projectId: string; userIds: readonly string[] }[],
): Promise<Assignable> {
  const asked = wanted.filter(({ userIds }) => userIds.length > 0);
  if (asked.length === 0) return () => true;
  const ids = [...new Set(asked.map(({ projectId }) => projectId))];
  const closed = new Set((await unit.invisible.run(privateProjects, { ids })).map(({ id }) => id));
  if (closed.size === 0) return () => true;
  const pairs = asked.filter(({ projectId }) => closed.has(projectId));
  const people = { projectIds: [...closed], userIds: [...new Set(pairs.flatMap(({ userIds }) => userIds))] };
  const members = new Set(
    (await unit.invisible.run(membersAmong, people)).map(({ projectId, userId }) => `${projectId} ${userId}`),
  );
  const isMember = (projectId: string, userId: string) => members.has(`${projectId} ${userId}`);
  const outside = pairs.flatMap(({ projectId, userIds }) => userIds.filter((userId) => !isMember(projectId, userId)));
  const readers = outside.length > 0 ? await membersWith(unit, 'project:read_private', [...new Set(outside)]) : null;
  return (projectId, userId) =>
    !closed.has(projectId) || isMember(projectId, userId) || (readers?.has(userId) ?? false);
}

/**
 * Throws unless all these people may be assigned to tasks of a project.
 * @param field the field of the input that names the people, or the project
 * @throws `assignee_not_in_project`
 */
export function requireAssignable(
  assignable: Assignable,
  projectId: string | null,
  userIds: readonly string[],
  field: readonly string[],
): void {
  if (projectId !== null && userIds.some((userId) => !assignable(projectId, userId)))
    throw workErrors.assignee_not_in_project({ field });
}
