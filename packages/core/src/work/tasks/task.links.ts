import { type Expression, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf, finds, idsInOne, placesOf, readIds } from '../../database/sql.ts';
import { current, statement, type StatementValues } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Unit } from '../../database/unit-of-work.ts';
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
export interface TaskLinks {
  ids: Omit<LinkIds, 'tagIds' | 'watcherIds'>;
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

/** The condition on a column with the ids of tasks. */
type OfTasks = (task: string) => Expression<SqlBool>;

/** The links of one kind whose column with the task meets a condition. */
function linksFrom(db: QueryBuilder, { table, task, id, isTask }: LinkTable, ofTasks: OfTasks) {
  // The queries name no column by itself, so it does not matter that the type is that of one of the tables.
  const links = db.selectFrom(table as 'task_tags').where(ofTasks(`${table}.${task}`));
  if (!isTask) return links;
  return links.where((where) =>
    finds(
      where
        .selectFrom('tasks as other')
        .select('other.id')
        .where('other.id', '=', sql.ref<string>(`${table}.${id}`))
        .where('other.deleted_at', 'is', null),
    ),
  );
}

/** The kinds of links that every task is read with. */
const usualKinds = ['assigneeIds', 'tagIds'] as const;
/** Those of linked tasks only: see `isLinked` of the entity. */
const otherKinds = ['blockedBy', 'blocks'] as const;

/** Selects the links of two kinds whose column with the task meets a condition. */
function selectLinks(db: QueryBuilder, [one, other]: readonly [LinkKind, LinkKind], ofTasks: OfTasks) {
  const select = (kind: LinkKind) => {
    const of = linkTables[kind];
    return linksFrom(db, of, ofTasks).select([
      kindOf<LinkRow['kind']>(kind),
      sql.ref<string>(`${of.table}.${of.task}`).as('taskId'),
      sql.ref<string>(`${of.table}.${of.id}`).as('id'),
      (of.order ? sql.ref<number>(`${of.table}.${of.order}`) : sql<number>`0`).as('position'),
    ]);
  };
  return select(one).unionAll(select(other));
}

/** Selects the other links of tasks, and the caller's own rows among their watchers. */
const selectOthers = (db: QueryBuilder, ofTasks: OfTasks) =>
  selectLinks(db, otherKinds, ofTasks).unionAll(
    db
      .selectFrom('task_watchers')
      .where(ofTasks('task_watchers.task_id'))
      .where('task_watchers.user_id', '=', current.user)
      .select([
        kindOf<LinkRow['kind']>('muted'),
        'task_watchers.task_id as taskId',
        'task_watchers.user_id as id',
        sql<number>`case when task_watchers.muted then 1 else 0 end`.as('position'),
      ]),
  );

interface TaskIds extends StatementValues {
  taskIds: readonly string[];
}

const otherLinks = statement<TaskIds, LinkRow>((db, { taskIds }, dialect) =>
  selectOthers(db, (column) => anyOf(dialect, column, taskIds)),
);

const allLinks = statement<TaskIds, LinkRow>((db, { taskIds }, dialect) => {
  const ofTasks: OfTasks = (column) => anyOf(dialect, column, taskIds);
  return selectLinks(db, usualKinds, ofTasks).unionAll(selectOthers(db, ofTasks));
});

/** All links of one task, with the other people who have a row of their own among its watchers. */
const linksOfOne = statement<{ taskId: string }, LinkRow>((db, { taskId }) => {
  const ofTask: OfTasks = (column) => sql<SqlBool>`${sql.ref(column)} = ${asId(taskId)}`;
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
  return selectLinks(db, usualKinds, ofTask).unionAll(selectOthers(db, ofTask)).unionAll(watchers);
});

/** What `selectLinkIds` has selected. */
type UsualIds = Readonly<Record<(typeof usualKinds)[number], unknown>>;

/**
 * Selects the ids of the usual links of a task, each kind as one value.
 * @param task the column with the id of the task
 */
export function selectLinkIds(db: QueryBuilder, dialect: Dialect, task: string) {
  const select = <Kind extends LinkKind>(kind: Kind) => {
    const of = linkTables[kind];
    return linksFrom(db, of, (column) => sql<SqlBool>`${sql.ref(column)} = ${sql.ref(task)}`)
      .select(idsInOne(dialect, `${of.table}.${of.id}`, of.order && `${of.table}.${of.order}`).as('ids'))
      .as(kind);
  };
  return [select('assigneeIds'), select('tagIds')] as const;
}

/** The usual links of tasks, in a row for each link. */
const usualLinks = statement<TaskIds, LinkRow>((db, { taskIds }, dialect) =>
  selectLinks(db, usualKinds, (column) => anyOf(dialect, column, taskIds)),
);

/**
 * The same on SQLite, in a row for each task: the id of a task, which each row of a link would repeat, costs more to read than the link.
 * PostgreSQL needs a third more time for this form.
 */
const usualLinksInOne = statement<TaskIds, UsualIds & { place: number }>((db, { taskIds }, dialect) =>
  db
    .selectFrom(placesOf(taskIds).as('wanted'))
    .select('wanted.place')
    .select(selectLinkIds(db, dialect, 'wanted.id')),
);

type UsualLinkIds = Pick<LinkIds, (typeof usualKinds)[number]>;

function usualLinkIdsIn(rows: readonly (UsualIds & { id: string })[]): UsualLinkIds {
  const ids = (kind: (typeof usualKinds)[number]) => new Map(rows.map((row) => [row.id, readIds(row[kind])]));
  return { assigneeIds: ids('assigneeIds'), tagIds: ids('tagIds') };
}

async function usualLinkIdsOf(db: ReadDoor, taskIds: readonly string[]): Promise<UsualLinkIds> {
  if (db.dialect === 'postgresql') {
    const { assigneeIds, tagIds } = byTask(await db.run(usualLinks, { taskIds }));
    return { assigneeIds, tagIds };
  }
  const rows = await db.run(usualLinksInOne, { taskIds });
  return usualLinkIdsIn(rows.map(({ place, ...ids }) => ({ id: taskIds[place] ?? '', ...ids })));
}

/** The ids of one task's links. The usual ones are what `selectLinkIds` has selected. */
export async function linkIdsIn(db: ReadDoor, row: UsualIds & { id: string; isLinked: boolean }): Promise<LinkIds> {
  const others = row.isLinked ? byTask(await db.run(otherLinks, { taskIds: [row.id] })) : noLinkIds;
  return { ...others, ...usualLinkIdsIn([row]) };
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

const noLinkIds = byTask([]);

/** Reads the ids of what is linked to some tasks, by task. */
export async function linkIdsOf(db: ReadDoor, tasks: readonly { id: string }[]): Promise<LinkIds> {
  if (tasks.length === 0) return noLinkIds;
  const [first] = tasks;
  if (first && tasks.length === 1) return byTask(await db.run(linksOfOne, { taskId: first.id }));
  return byTask(await db.run(allLinks, { taskIds: tasks.map((task) => task.id) }));
}

/** The same for tasks that are read and not locked: what only linked tasks have is read only for these. */
export async function linkIdsToShow(
  db: ReadDoor,
  tasks: readonly { id: string; isLinked: boolean }[],
): Promise<LinkIds> {
  if (tasks.length === 0) return noLinkIds;
  const taskIds = tasks.map(({ id }) => id);
  const linkedIds = tasks.flatMap(({ id, isLinked }) => (isLinked ? [id] : []));
  const [usual, others] = await Promise.all([
    usualLinkIdsOf(db, taskIds),
    linkedIds.length > 0 ? db.run(otherLinks, { taskIds: linkedIds }) : [],
  ]);
  return { ...byTask(others), ...usual };
}

const linking = statement((db, { taskIds }: TaskIds, dialect) =>
  db
    .updateTable('tasks')
    .set({ is_linked: true })
    .where(anyOf(dialect, 'tasks.id', taskIds))
    .where('tasks.is_linked', '=', false),
);

/** Remembers that tasks have dependencies or watchers, so that reads look for these. Their versions stay the same. */
export const markLinked = (unit: Unit, ...taskIds: string[]): Promise<unknown> => unit.db.run(linking, { taskIds });

/**
 * Finds the names of the people and tags that are linked to some tasks.
 * @param names known names; those that are missing are read and added
 * @param others the ids of more people to name, such as creators
 * @param projectIds the projects of the tasks, whose keys are parts of the tasks' keys
 */
export async function nameLinks(
  db: ReadDoor,
  names: Names,
  ids: LinkIds,
  others: readonly string[],
  projectIds: readonly (string | null)[],
): Promise<TaskLinks> {
  await names.load(db, [others, ...ids.assigneeIds.values()], [...ids.tagIds.values()], projectIds);
  const tags = new Map<string, Tag[]>();
  for (const [taskId, idsOfTags] of ids.tagIds) {
    const named: Tag[] = [];
    for (const id of idsOfTags) {
      const tag = names.tags.get(id);
      if (tag) named.push(tag);
    }
    tags.set(taskId, named.length > 1 ? named.sort(byName) : named);
  }
  return { ids, people: names.people, viewerId: db.userId, tags, projectKeys: names.projectKeys };
}
