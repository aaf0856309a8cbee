import { type Expression, sql, type SqlBool } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, type PageOrder, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { type RowOf, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { asId } from '../../database/typed-value.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireTask } from '../tasks/index.ts';
import type { Watcher, WatcherListInput, WatcherPath } from './watcher.schema.ts';

type Reason = Watcher['reason'];

const because = (reason: Reason) => sql<Reason>`${sql.lit(reason)}`.as('reason');
const isMuted = sql<boolean>`coalesce(stored.muted, false)`.as('muted');

/**
 * Selects everybody who watches some tasks: the creator, then the assignees, then those who have a row of their own. Each join names the
 * organization, because all keys begin with it and not every door adds it.
 */
const selectWatchers = (db: Pick<ReadDoor, 'selectFrom'>, ofTasks: (taskId: string) => Expression<SqlBool>) =>
  db
    .selectFrom('tasks')
    .leftJoin('task_watchers as stored', (join) =>
      join
        .onRef('stored.organization_id', '=', 'tasks.organization_id')
        .onRef('stored.task_id', '=', 'tasks.id')
        .onRef('stored.user_id', '=', 'tasks.created_by_id'),
    )
    .select(['tasks.id as task_id', 'tasks.created_by_id as user_id', because('creator'), isMuted])
    .where(ofTasks('tasks.id'))
    .unionAll(
      db
        .selectFrom('task_assignees')
        .innerJoin('tasks', (join) =>
          join
            .onRef('tasks.organization_id', '=', 'task_assignees.organization_id')
            .onRef('tasks.id', '=', 'task_assignees.task_id'),
        )
        .leftJoin('task_watchers as stored', (join) =>
          join
            .onRef('stored.organization_id', '=', 'task_assignees.organization_id')
            .onRef('stored.task_id', '=', 'task_assignees.task_id')
            .onRef('stored.user_id', '=', 'task_assignees.user_id'),
        )
        .select(['task_assignees.task_id', 'task_assignees.user_id', because('assignee'), isMuted])
        .where(ofTasks('task_assignees.task_id'))
        .whereRef('task_assignees.user_id', '<>', 'tasks.created_by_id'),
    )
    .unionAll(
      db
        .selectFrom('task_watchers')
        .innerJoin('tasks', (join) =>
          join
            .onRef('tasks.organization_id', '=', 'task_watchers.organization_id')
            .onRef('tasks.id', '=', 'task_watchers.task_id'),
        )
        .leftJoin('task_assignees', (join) =>
          join
            .onRef('task_assignees.organization_id', '=', 'task_watchers.organization_id')
            .onRef('task_assignees.task_id', '=', 'task_watchers.task_id')
            .onRef('task_assignees.user_id', '=', 'task_watchers.user_id'),
        )
        .select([
          'task_watchers.task_id',
          'task_watchers.user_id',
          sql<Reason>`task_watchers.reason`.as('reason'),
          'task_watchers.muted',
        ])
        .where(ofTasks('task_watchers.task_id'))
        .whereRef('task_watchers.user_id', '<>', 'tasks.created_by_id')
        .where('task_assignees.user_id', 'is', null),
    );

const isTask = (taskId: string) => (column: string) => sql<SqlBool>`${sql.ref(column)} = ${asId(taskId)}`;

const watchersWithNames = (db: ReadDoor, taskId: string) =>
  db.selectFrom(selectWatchers(db, isTask(taskId)).as('watching'));

const withNames = (query: ReturnType<typeof watchersWithNames>) =>
  query
    .leftJoin('users', 'users.id', 'watching.user_id')
    .select([
      'watching.user_id as id',
      'watching.reason',
      'watching.muted',
      'users.username',
      'users.full_name as fullName',
    ]);

type NamedRow = Awaited<ReturnType<ReturnType<typeof withNames>['execute']>>[number];

const show = ({ id, username, fullName, reason, muted }: NamedRow): Watcher => ({
  user: { id, username, fullName },
  reason,
  muted,
});

const byPerson = (): PageOrder => {
  const id = sql.ref('watching.user_id');
  return { by: id, descending: false, id };
};

/**
 * Lists the watchers of a task, in the order of their ids.
 * @throws `task_not_found`
 */
export async function listWatchers(
  ctx: ServiceContext,
  { taskId, ...input }: WatcherListInput,
): Promise<Page<Watcher>> {
  authorize(ctx, 'task:read');
  const request = pageRequest(ctx, `watchers ${taskId}`, 'user', input);
  return read(ctx, async (db) => {
    await requireTask(db, taskId);
    const { rows, nextCursor } = await readPage(withNames(watchersWithNames(db, taskId)), byPerson(), request);
    const total = input.total ? { total: await countOf(watchersWithNames(db, taskId)) } : {};
    return { data: rows.map(show), nextCursor, ...total };
  });
}

/** Reads how somebody watches a task. Null when they do not. */
export async function findWatcher({ db }: Unit, { taskId, userId }: WatcherPath): Promise<Watcher | null> {
  const [row] = await withNames(watchersWithNames(db, taskId).where('watching.user_id', '=', userId)).execute();
  return row ? show(row) : null;
}

interface TaskIds extends Readonly<Record<string, unknown>> {
  organizationId: string;
  taskIds: readonly string[];
}

const watchersOfMany = statement((db, { organizationId, taskIds }: TaskIds, dialect) => {
  const ofTasks = (column: string) => {
    const [table = ''] = column.split('.');
    return sql<SqlBool>`${sql.ref(`${table}.organization_id`)} = ${asId(organizationId)} and ${anyOf(dialect, column, taskIds)}`;
  };
  return db
    .selectFrom(selectWatchers(db, ofTasks).as('watching'))
    .select(['watching.task_id as taskId', 'watching.user_id as userId', 'watching.muted']);
});

/** Reads who watches each of some tasks of an organization. */
export const readWatchers = (
  db: ReadDoor,
  organizationId: string,
  taskIds: readonly string[],
): Promise<RowOf<typeof watchersOfMany>[]> => db.run(watchersOfMany, { organizationId, taskIds });
