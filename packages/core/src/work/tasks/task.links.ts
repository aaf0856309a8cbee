import { sql } from 'kysely';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Person } from '../../kernel/schemas.ts';
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

/** A person or a tag by name; of an assignee only the id. */
export interface NameRow {
  kind: 'assignee' | 'person' | 'tag';
  id: string;
  /** The user name of a person. */
  name: string | null;
  /** The full name of a person, the color of a tag. */
  detail: string | null;
}

/** The people and the tags among some rows. The tags are in the order of their names. */
export function namesOf(rows: readonly NameRow[]): { people: Map<string, Person>; tags: Tag[] } {
  const people = new Map<string, Person>();
  const tags: Tag[] = [];
  for (const { kind, id, name, detail } of rows)
    if (kind === 'tag') tags.push({ id, name: name ?? '', color: detail ?? '' });
    else if (kind === 'person') people.set(id, { id, username: name, fullName: detail });
  return { people, tags: tags.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

const kindOf = <Kind extends string>(kind: Kind) => sql<Kind>`${sql.lit(kind)}`.as('kind');
const personColumns = ['users.id', 'users.username as name', 'users.full_name as detail'] as const;
const tagColumns = ['tags.id', 'tags.name', 'tags.color as detail'] as const;

/** The people and tags beside one task, which need not be read first, so that the two travel together. */
const linksOfOne = statement((db, { taskId }: { taskId: string }) =>
  db
    .selectFrom('task_assignees')
    .select([
      kindOf<NameRow['kind']>('assignee'),
      'task_assignees.user_id as id',
      sql<string | null>`null`.as('name'),
      sql<string | null>`null`.as('detail'),
      'task_assignees.position',
    ])
    .where('task_assignees.task_id', '=', taskId)
    .unionAll(
      db
        .selectFrom('task_tags')
        .innerJoin('tags', 'tags.id', 'task_tags.tag_id')
        .select([kindOf('tag'), ...tagColumns, sql<number>`0`.as('position')])
        .where('task_tags.task_id', '=', taskId),
    )
    .unionAll(
      db
        .selectFrom('users')
        .select([kindOf('person'), ...personColumns, sql<number>`0`.as('position')])
        // Each person once, because the wall of users is expensive.
        .where('users.id', 'in', (where) =>
          where
            .selectFrom('task_assignees')
            .select('task_assignees.user_id as id')
            .where('task_assignees.task_id', '=', taskId)
            .unionAll(where.selectFrom('tasks').select('tasks.created_by_id as id').where('tasks.id', '=', taskId))
            .unionAll(where.selectFrom('tasks').select('tasks.updated_by_id as id').where('tasks.id', '=', taskId))
            .unionAll(db.selectNoFrom(sql<string>`${asId(current.user)}`.as('id'))),
        ),
    ),
);

/** Reads what is joined to one task; the caller is among its people. */
export async function linksOfTask(db: ReadDoor, taskId: string): Promise<TaskLinks> {
  const rows = await db.run(linksOfOne, { taskId });
  const { people, tags } = namesOf(rows);
  const assignees = rows.filter(({ kind }) => kind === 'assignee').sort((a, b) => a.position - b.position);
  return {
    people,
    assigneeIds: new Map([[taskId, assignees.map(({ id }) => id)]]),
    tags: new Map([[taskId, tags]]),
  };
}

interface LinkRow {
  kind: 'assignee' | 'tag';
  taskId: string;
  /** The person or the tag. */
  id: string;
  /** Of an assignee. */
  position: number;
}

const linkRows = statement<{ taskIds: readonly string[] }, LinkRow>((db, { taskIds }, dialect) =>
  db
    .selectFrom('task_assignees')
    .select([
      kindOf<LinkRow['kind']>('assignee'),
      'task_assignees.task_id as taskId',
      'task_assignees.user_id as id',
      'task_assignees.position',
    ])
    .where(anyOf(dialect, 'task_assignees.task_id', taskIds))
    .unionAll(
      db
        .selectFrom('task_tags')
        .select([kindOf('tag'), 'task_tags.task_id as taskId', 'task_tags.tag_id as id', sql<number>`0`.as('position')])
        .where(anyOf(dialect, 'task_tags.task_id', taskIds)),
    ),
);

interface NameValues extends Readonly<Record<string, unknown>> {
  tagIds: readonly string[];
  personIds: readonly string[];
}

const nameRows = statement<NameValues, NameRow>((db, { tagIds, personIds }, dialect) =>
  db
    .selectFrom('users')
    .select([kindOf<NameRow['kind']>('person'), ...personColumns])
    .where(anyOf(dialect, 'users.id', personIds))
    .unionAll(
      db
        .selectFrom('tags')
        .select([kindOf('tag'), ...tagColumns])
        .where(anyOf(dialect, 'tags.id', tagIds)),
    ),
);

const noLinks: TaskLinks = { people: new Map(), assigneeIds: new Map(), tags: new Map() };

/** The list under a key, which begins empty. */
function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  let list = lists.get(key);
  if (!list) lists.set(key, (list = []));
  return list;
}

/**
 * Reads what is joined to the tasks of a page: the bare links, and then each tag and person that they lead to once. Names
 * joined to every link cost twice as much.
 */
export async function linksOfPage(
  db: ReadDoor,
  tasks: readonly { id: string; createdById: string; updatedById: string }[],
): Promise<TaskLinks> {
  if (tasks.length === 0) return noLinks;
  const links = await db.run(linkRows, { taskIds: tasks.map((task) => task.id) });
  const personIds = new Set<string>();
  const tasksWithTag = new Map<string, string[]>();
  for (const { createdById, updatedById } of tasks) personIds.add(createdById).add(updatedById);
  for (const { kind, id, taskId } of links)
    if (kind === 'tag') listOf(tasksWithTag, id).push(taskId);
    else personIds.add(id);
  const names = await db.run(nameRows, { tagIds: [...tasksWithTag.keys()], personIds: [...personIds] });
  const { people, tags } = namesOf(names);

  const assigneeIds = new Map<string, string[]>();
  // Most tasks have one assignee, so there is usually nothing to put in order.
  const assignees = links.filter(({ kind }) => kind === 'assignee');
  if (assignees.some(({ position }) => position > 0)) assignees.sort((a, b) => a.position - b.position);
  for (const { taskId, id } of assignees) listOf(assigneeIds, taskId).push(id);

  const tagsOfTask = new Map<string, Tag[]>();
  for (const tag of tags) for (const taskId of tasksWithTag.get(tag.id) ?? []) listOf(tagsOfTask, taskId).push(tag);
  return { people, assigneeIds, tags: tagsOfTask };
}
