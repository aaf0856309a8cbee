import { type Expression, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf, idsInOne, readIds } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Person } from '../../kernel/schemas.ts';
import { byName, kindOf, type Names } from './task.names.ts';
import type { Task } from './task.schema.ts';

type Tag = Task['tags'][number];

/** What is joined to some tasks. */
export interface TaskLinks {
  people: ReadonlyMap<string, Person>;
  /** By task, in their order. */
  assigneeIds: ReadonlyMap<string, readonly string[]>;
  /** By task, in the order of their names. */
  tags: ReadonlyMap<string, Tag[]>;
}

interface LinkRow {
  kind: 'assignee' | 'tag';
  taskId: string;
  /** The person or the tag. */
  id: string;
  /** Of an assignee. */
  position: number;
}

/** Selects the links whose column with the task meets a condition. */
const selectLinks = (db: Pick<ReadDoor, 'selectFrom'>, ofTasks: (taskId: string) => Expression<SqlBool>) =>
  db
    .selectFrom('task_assignees')
    .select([
      kindOf<LinkRow['kind']>('assignee'),
      'task_assignees.task_id as taskId',
      'task_assignees.user_id as id',
      'task_assignees.position',
    ])
    .where(ofTasks('task_assignees.task_id'))
    .unionAll(
      db
        .selectFrom('task_tags')
        .select([kindOf('tag'), 'task_tags.task_id as taskId', 'task_tags.tag_id as id', sql<number>`0`.as('position')])
        .where(ofTasks('task_tags.task_id')),
    );

const linkRows = statement<{ taskIds: readonly string[] }, LinkRow>((db, { taskIds }, dialect) =>
  selectLinks(db, (column) => anyOf(dialect, column, taskIds)),
);

const linkRowsOfOne = statement<{ taskId: string }, LinkRow>((db, { taskId }) =>
  selectLinks(db, (column) => sql<SqlBool>`${sql.ref(column)} = ${asId(taskId)}`),
);

const ofTask = sql.ref<string>('tasks.id');

/** Selects the ids of what is linked to a task beside the task itself, which saves a statement. For many tasks it would cost more. */
export const selectLinkIds = (db: Pick<ReadDoor, 'selectFrom'>, dialect: Dialect) =>
  [
    db
      .selectFrom('task_assignees')
      .select(idsInOne(dialect, 'task_assignees.user_id', 'task_assignees.position').as('ids'))
      .where('task_assignees.task_id', '=', ofTask)
      .as('assigneeIds'),
    db
      .selectFrom('task_tags')
      .select(idsInOne(dialect, 'task_tags.tag_id').as('ids'))
      .where('task_tags.task_id', '=', ofTask)
      .as('tagIds'),
  ] as const;

/** The ids of one task's links, from what `selectLinkIds` has selected. */
export const linkIdsIn = (row: { id: string; assigneeIds: unknown; tagIds: unknown }): LinkIds => ({
  assigneeIds: new Map([[row.id, readIds(row.assigneeIds)]]),
  tagIds: new Map([[row.id, readIds(row.tagIds)]]),
});

/** The list under a key, which begins empty. */
function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  let list = lists.get(key);
  if (!list) lists.set(key, (list = []));
  return list;
}

/** The ids of what is linked to some tasks, by task. */
export interface LinkIds {
  /** In their order. */
  assigneeIds: ReadonlyMap<string, readonly string[]>;
  tagIds: ReadonlyMap<string, readonly string[]>;
}

function byTask(links: readonly LinkRow[]): LinkIds {
  const assigneeIds = new Map<string, string[]>();
  const tagIds = new Map<string, string[]>();
  const assignees: LinkRow[] = [];
  for (const link of links)
    if (link.kind === 'assignee') assignees.push(link);
    else listOf(tagIds, link.taskId).push(link.id);
  // Most tasks have one assignee, so there is usually nothing to put in order.
  if (assignees.some(({ position }) => position > 0)) assignees.sort((a, b) => a.position - b.position);
  for (const { taskId, id } of assignees) listOf(assigneeIds, taskId).push(id);
  return { assigneeIds, tagIds };
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
 */
export async function nameLinks(
  db: ReadDoor,
  names: Names,
  { assigneeIds, tagIds }: LinkIds,
  others: readonly string[],
): Promise<TaskLinks> {
  await names.load(db, [others, ...assigneeIds.values()], [...tagIds.values()]);
  const tags = new Map<string, Tag[]>();
  for (const [taskId, ids] of tagIds) {
    const named: Tag[] = [];
    for (const id of ids) {
      const tag = names.tags.get(id);
      if (tag) named.push(tag);
    }
    tags.set(taskId, named.length > 1 ? named.sort(byName) : named);
  }
  return { people: names.people, assigneeIds, tags };
}
