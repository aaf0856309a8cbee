import { decide, opensClosed } from '../access/index.ts';
import type { Database } from '../database/database.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import type { Changes } from '../kernel/changes.ts';
import type { Principal } from '../kernel/principal.ts';

/** The parts of an event that say whether it took something out of somebody's sight. */
interface Moving {
  readonly id: string;
  readonly type: string;
  readonly entity: { readonly type: string; readonly id: string };
  readonly changes: Changes;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const taskPlaces = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('tasks')
    .select(['tasks.id', 'tasks.team_id as teamId', 'tasks.project_id as projectId'])
    .where(anyOf(dialect, 'tasks.id', ids)),
);

const taskPeople = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('task_assignees')
    .select(['task_assignees.task_id as taskId', 'task_assignees.user_id as userId'])
    .where(anyOf(dialect, 'task_assignees.task_id', ids)),
);

interface Shut extends Ids {
  userId: string;
}

/** The private projects among some of which a user is no member. */
const shutProjects = statement((db, { ids, userId }: Shut, dialect) =>
  db
    .selectFrom('projects')
    .leftJoin('project_members', (join) =>
      join
        .onRef('project_members.organization_id', '=', 'projects.organization_id')
        .onRef('project_members.project_id', '=', 'projects.id')
        .on('project_members.user_id', '=', userId),
    )
    .select('projects.id')
    .where(anyOf(dialect, 'projects.id', ids))
    .where('projects.visibility', '=', 'private')
    .where('project_members.user_id', 'is', null),
);

/** The fields of a task that decide who sees it. */
const decidingFields = ['projectId', 'teamId', 'assigneeIds'];

const isMoved = ({ entity, changes }: Moving): boolean =>
  entity.type === 'task' && decidingFields.some((field) => field in changes);

/** Whether an event closed a project to somebody. */
const isShut = ({ type, changes, data }: Moving, userId: string): boolean =>
  (type === 'project.updated' && changes['visibility']?.to === 'private') ||
  (type === 'project.member_removed' && data['userId'] === userId);

const idOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const idsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []);

/**
 * Says which of some events took their entity out of somebody's sight: tasks that were moved or given to others, and projects that were
 * closed to them. The person does not see these entities now. What they saw before follows from the values before the change.
 * @param reader has the permission `activity:read`
 * @returns the ids of the events
 */
export async function sightLost(
  database: Database,
  reader: Principal & { organizationId: string },
  events: readonly Moving[],
): Promise<ReadonlySet<string>> {
  const { userId, organizationId } = reader;
  const lost = new Set<string>();
  for (const { id, entity } of events.filter((event) => isShut(event, userId)))
    if (decide(reader, 'activity:read', { places: { project: entity.id }, shared: true }).allowed) lost.add(id);
  const moved = events.filter(isMoved);
  if (moved.length === 0) return lost;
  const ids = moved.map(({ entity }) => entity.id);
  const before = moved.flatMap(({ changes }) => idOf(changes['projectId']?.from) ?? []);
  const scope = { door: 'request', principal: null, organizationId, userId: null } as const;
  const { rows, people, shut } = await database.read(scope, async (db) => {
    const places = await db.run(taskPlaces, { ids });
    const projectIds = [...before, ...places.flatMap(({ projectId }) => projectId ?? [])];
    return {
      rows: new Map(places.map((row) => [row.id, row])),
      people: Map.groupBy(await db.run(taskPeople, { ids }), ({ taskId }) => taskId),
      shut: new Set((await db.run(shutProjects, { ids: projectIds, userId })).map(({ id }) => id)),
    };
  });
  const opens = opensClosed(reader, 'project:read_private');
  for (const { id, entity, changes } of moved) {
    const row = rows.get(entity.id);
    if (!row) continue;
    const { projectId, teamId, assigneeIds } = changes;
    const project = projectId ? idOf(projectId.from) : row.projectId;
    const team = teamId ? idOf(teamId.from) : row.teamId;
    const assigned = assigneeIds ? idsOf(assigneeIds.from) : (people.get(entity.id) ?? []).map((one) => one.userId);
    if (project !== null && shut.has(project) && !opens) continue;
    if (decide(reader, 'activity:read', { people: assigned, places: { team, project } }).allowed) lost.add(id);
  }
  return lost;
}
