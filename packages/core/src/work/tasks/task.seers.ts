import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import type { Database } from '../../database/database.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import { memberPrincipal } from '../../tenancy/index.ts';
import { tasks } from './task.record.ts';
import type { TaskRef } from './task.schema.ts';

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

/** The key of a task. Everybody who sees the task sees it, whether they may read projects or not, so no visibility is added. */
const taskKey = () =>
  sql<string | null>`(select projects.key || '-' || cast(tasks.project_number as text) from projects
    where projects.organization_id = tasks.organization_id and projects.id = tasks.project_id)`;

const taskRefs = statement((db, { ids }: Ids, dialect) =>
  tasks
    .from(db)
    .select(['tasks.id', 'tasks.number', 'tasks.title', taskKey().as('key')])
    .where(anyOf(dialect, 'tasks.id', ids)),
);

/** Reads those of some tasks that the door shows, by id. */
export async function readTaskRefs(db: ReadDoor, ids: readonly string[]): Promise<ReadonlyMap<string, TaskRef>> {
  const rows = ids.length > 0 ? await db.run(taskRefs, { ids }) : [];
  return new Map(rows.map((row) => [row.id, row]));
}

const taskProjects = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('tasks')
    .select(['tasks.id', 'tasks.project_id as projectId'])
    .where(anyOf(dialect, 'tasks.id', ids))
    .where('tasks.project_id', 'is not', null),
);

/** Reads in which projects some tasks of an organization are, by task id. It does not ask who sees them. */
export async function projectsOfTasks(
  database: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const scope = { door: 'request', principal: null, organizationId, userId: null } as const;
  const rows = await database.read(scope, (db) => db.run(taskProjects, { ids }));
  return new Map(rows.flatMap(({ id, projectId }) => (projectId === null ? [] : [[id, projectId] as const])));
}

const visibleTask = statement((db, { id }: { id: string }) =>
  tasks.from(db).select('tasks.id').where('tasks.id', '=', id),
);

/** Those of some users who are active members of the caller's organization and see a task now. */
export async function seersOf(
  ctx: ServiceContext,
  taskId: string,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const seers = new Set<string>();
  const organizationId = ctx.principal?.organizationId;
  if (organizationId == null) return seers;
  for (const userId of new Set(userIds)) {
    const principal = await memberPrincipal(ctx, { userId, organizationId });
    // Each person's own door is asked, because it alone knows everything that can hide a row.
    const found = principal ? await read({ ...ctx, principal }, (db) => db.run(visibleTask, { id: taskId })) : [];
    if (found.length > 0) seers.add(userId);
  }
  return seers;
}
