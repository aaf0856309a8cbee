import { type Expression, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf, checked, idsInOne, readIds } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Person } from '../../kernel/schemas.ts';
import { byName, kindOf, type Names } from './task.names.ts';
import type { Task } from './task.schema.ts';

type Tag = Task['tags'][number];

/** What the links of a task lead to, by the fields of a task. */
type LinkKind = 'assigneeIds' | 'tagIds' | 'blockedBy' | 'blocks';

/** The ids of what is linked to some tasks, by task. */
export interface LinkIds extends Readonly<Record<LinkKind, ReadonlyMap<string, readonly string[]>>> {
  /** In their order. */
  readonly assigneeIds: ReadonlyMap<string, readonly string[]>;
  /** Who else watches beside the creator and the assignees, or has muted it. Empty unless one task alone was asked for. */
  readonly watcherIds: ReadonlyMap<string, readonly string[]>;
  /** Whether the caller has muted the task, where they have a row of their own among its watchers. */
  readonly muted: ReadonlyMap<string, boolean>;
}

/** What is joined to some tasks. */
export interface TaskLinks extends Omit<LinkIds, 'tagIds' | 'watcherIds'> {
  people: ReadonlyMap<string, Person>;
  /** Whom it is shown to. */
  viewerId: string | null;
  /** By task, in the order of their names. */
  tags: ReadonlyMap<string, Tag[]>;
  /** By project. */
  projectKeys: ReadonlyMap<string, string>;
}

/** A table of links, with its columns for the task and for what is linked to it. */
interface LinkTable {
  table: 'task_assignees' | 'task_tags' | 'task_dependencies';
  task: string;
  id: string;
  /** The column with small integers that orders the links of a task. @default no order */
  order?: string;
  /** Whether it leads to other tasks. Those in the trash, or that the principal does not see, are left out. */
  isTask?: boolean;
}

const linkTables: Readonly<Record<LinkKind, LinkTable>> = {
  assigneeIds: { table: 'task_assignees', task: 'task_id', id: 'user_id', order: 'position' },
  tagIds: { table: 'task_tags', task: 'task_id', id: 'tag_id' },
  blockedBy: { table: 'task_dependencies', task: 'task_id', id: 'blocker_id', isTask: true },
  blocks: { table: 'task_dependencies', task: 'blocker_id', id: 'task_id', isTask: true },
};

interface LinkRow {
  kind: LinkKind | 'watcherIds' | 'muted';
  taskId: string;
  /** The person, the tag or the other task. */
  id: string;
  /** Of an assignee. Of the caller as a watcher, 1 if they have muted the task. */
  position: number;
}

type QueryBuilder = Pick<ReadDoor, 'selectFrom'>;

/** The links of one kind whose column with the task meets a condition. */
function linksFrom(
  db: QueryBuilder,
  { table, task, id, isTask }: LinkTable,
  ofTasks: (task: string) => Expression<SqlBool>,
) {
  // The queries name no column by itself, so it does not matter that the type is that of one of the tables.
  const links = db.selectFrom(table as 'task_tags').where(ofTasks(`${table}.${task}`));
  if (!isTask) return links;
  return links.where((where) =>
    checked(
      where.exists(
        where
          .selectFrom('tasks as other')
          .select('other.id')
          .where('other.id', '=', sql.ref<string>(`${table}.${id}`))
          .where('other.deleted_at', 'is', null),
      ),
    ),
  );
}

/** Selects the links whose column with the task meets a condition. */
function selectLinks(db: QueryBuilder, ofTasks: (task: string) => Expression<SqlBool>) {
  const select = (kind: LinkKind) => {
    const of = linkTables[kind];
    return linksFrom(db, of, ofTasks).select([
      kindOf<LinkRow['kind']>(kind),
      sql.ref<string>(`${of.table}.${of.task}`).as('taskId'),
      sql.ref<string>(`${of.table}.${of.id}`).as('id'),
      (of.order ? sql.ref<number>(`${of.table}.${of.order}`) : sql<number>`0`).as('position'),
    ]);
  };
  const own = ownWatching(db, ofTasks).select([
    kindOf<LinkRow['kind']>('muted'),
    'task_watchers.task_id as taskId',
    'task_watchers.user_id as id',
    sql<number>`case when task_watchers.muted then 1 else 0 end`.as('position'),
  ]);
  return select('assigneeIds')
    .unionAll(select('tagIds'))
    .unionAll(select('blockedBy'))
    .unionAll(select('blocks'))
    .unionAll(own);
}

/** The caller's own rows among the watchers of tasks. */
const ownWatching = (db: QueryBuilder, ofTasks: (task: string) => Expression<SqlBool>) =>
  db
    .selectFrom('task_watchers')
    .where(ofTasks('task_watchers.task_id'))
    .where('task_watchers.user_id', '=', current.user);

const linkRows = statement<{ taskIds: readonly string[] }, LinkRow>((db, { taskIds }, dialect) =>
  selectLinks(db, (column) => anyOf(dialect, column, taskIds)),
);

/** Those of one task, with the other people who have a row of their own among its watchers. */
const linkRowsOfOne = statement<{ taskId: string }, LinkRow>((db, { taskId }) => {
  const ofTask = (column: string) => sql<SqlBool>`${sql.ref(column)} = ${asId(taskId)}`;
  const watchers = db
    .selectFrom('task_watchers')
    .select([
      kindOf<LinkRow['kind']>('watcherIds'),
      'task_watchers.task_id as taskId',
      'task_watchers.user_id as id',
      sql<number>`0`.as('position'),
    ])
    .where(ofTask('task_watchers.task_id'))
    .where('task_watchers.user_id', '<>', current.user);
  return selectLinks(db, ofTask).unionAll(watchers);
});

/** Selects the ids of what is linked to a task beside the task itself, which saves a statement. For many tasks it would cost more. */
export function selectLinkIds(db: QueryBuilder, dialect: Dialect) {
  const ofTask = (task: string) => sql<SqlBool>`${sql.ref(task)} = ${sql.ref('tasks.id')}`;
  const select = <Kind extends LinkKind>(kind: Kind) => {
    const of = linkTables[kind];
    return linksFrom(db, of, ofTask)
      .select(idsInOne(dialect, `${of.table}.${of.id}`, of.order && `${of.table}.${of.order}`).as('ids'))
      .as(kind);
  };
  const muted = ownWatching(db, ofTask).select('task_watchers.muted').as('muted');
  return [select('assigneeIds'), select('tagIds'), select('blockedBy'), select('blocks'), muted] as const;
}

/** The ids of one task's links, from what `selectLinkIds` has selected. */
export function linkIdsIn(row: { id: string } & Readonly<Record<LinkKind | 'muted', unknown>>): LinkIds {
  const ids = (kind: LinkKind) => new Map([[row.id, readIds(row[kind])]]);
  const [assigneeIds, tagIds] = [ids('assigneeIds'), ids('tagIds')];
  return {
    assigneeIds,
    tagIds,
    blockedBy: ids('blockedBy'),
    blocks: ids('blocks'),
    watcherIds: new Map(),
    muted: new Map(typeof row.muted === 'boolean' ? [[row.id, row.muted]] : []),
  };
}

/** The list under a key, which begins empty. */
function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  let list = lists.get(key);
  if (!list) lists.set(key, (list = []));
  return list;
}

function byTask(links: readonly LinkRow[]): LinkIds {
  const ids: Record<Exclude<LinkRow['kind'], 'muted'>, Map<string, string[]>> = {
    assigneeIds: new Map(),
    tagIds: new Map(),
    blockedBy: new Map(),
    blocks: new Map(),
    watcherIds: new Map(),
  };
  // Most tasks have one assignee, so there is usually nothing to put in order.
  const ordered = links.some(({ position }) => position > 0)
    ? links.toSorted((a, b) => a.position - b.position)
    : links;
  const muted = new Map<string, boolean>();
  for (const { kind, taskId, id, position } of ordered)
    if (kind === 'muted') muted.set(taskId, position > 0);
    else listOf(ids[kind], taskId).push(id);
  return { ...ids, muted };
}

/** Reads the ids of what is linked to some tasks, by task. */
export async function linkIdsOf(db: ReadDoor, tasks: readonly { id: string }[]): Promise<LinkIds> {
  if (tasks.length === 0) return byTask([]);
  const [first] = tasks;
  if (first && tasks.length === 1) return byTask(await db.run(linkRowsOfOne, { taskId: first.id }));
  return byTask(await db.run(linkRows, { taskIds: tasks.map((task) => task.id) }));
}

/**
 * Finds the names of the people and tags that are linked to some tasks.
 * @param names known names; those that are missing are read and added
 * @param others the ids of more people to name, such as creators
 * @param projectIds the projects of the tasks, whose keys are parts of the tasks' keys
 */
export async function nameLinks(
  db: ReadDoor,
  names: Names,
  { tagIds, ...ids }: LinkIds,
  others: readonly string[],
  projectIds: readonly (string | null)[],
): Promise<TaskLinks> {
  await names.load(db, [others, ...ids.assigneeIds.values()], [...tagIds.values()], projectIds);
  const tags = new Map<string, Tag[]>();
  for (const [taskId, idsOfTags] of tagIds) {
    const named: Tag[] = [];
    for (const id of idsOfTags) {
      const tag = names.tags.get(id);
      if (tag) named.push(tag);
    }
    tags.set(taskId, named.length > 1 ? named.sort(byName) : named);
  }
  return { ...ids, people: names.people, viewerId: db.userId, tags, projectKeys: names.projectKeys };
}
