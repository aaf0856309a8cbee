import { sql } from 'kysely';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
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

export const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** A person or a tag by name; of an assignee only the id. */
interface NameRow {
  kind: 'assignee' | 'person' | 'tag';
  id: string;
  /** The user name of a person. */
  name: string | null;
  /** The full name of a person, the color of a tag. */
  detail: string | null;
}

const personOf = ({ id, name, detail }: NameRow): Person => ({ id, username: name, fullName: detail });
const tagOf = ({ id, name, detail }: NameRow): Tag => ({ id, name: name ?? '', color: detail ?? '' });

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
        // Each once: the wall of people is the dearest.
        .where('users.id', 'in', (where) =>
          where
            .selectFrom('task_assignees')
            .select('task_assignees.user_id as id')
            .where('task_assignees.task_id', '=', taskId)
            .unionAll(where.selectFrom('tasks').select('tasks.created_by_id as id').where('tasks.id', '=', taskId))
            .unionAll(where.selectFrom('tasks').select('tasks.updated_by_id as id').where('tasks.id', '=', taskId))
            .unionAll(db.selectNoFrom(sql<string>`${current.user}`.as('id'))),
        ),
    ),
);

/** Reads what is joined to one task; the caller is among its people. */
export async function linksOfTask(db: ReadDoor, taskId: string): Promise<TaskLinks> {
  const rows = await db.run(linksOfOne, { taskId });
  const people = new Map<string, Person>();
  const assignees: { id: string; position: number }[] = [];
  const tags: Tag[] = [];
  for (const row of rows) {
    if (row.kind === 'tag') tags.push(tagOf(row));
    else if (row.kind === 'assignee') assignees.push(row);
    else people.set(row.id, personOf(row));
  }
  const assigneeIds = assignees.sort((a, b) => a.position - b.position).map(({ id }) => id);
  return {
    people,
    assigneeIds: new Map([[taskId, assigneeIds]]),
    tags: new Map([[taskId, tags.sort(byName)]]),
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

/** Puts a tag among those of one task, of which there are few. */
function insertByName(tags: Tag[], tag: Tag): void {
  let at = tags.length;
  for (let before = tags[at - 1]; before && before.name > tag.name; before = tags[at - 1]) tags[at--] = before;
  tags[at] = tag;
}

/** The values under a key, which begin as none. */
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
  const tagIds = new Set<string>();
  for (const { createdById, updatedById } of tasks) personIds.add(createdById).add(updatedById);
  for (const { kind, id } of links) (kind === 'tag' ? tagIds : personIds).add(id);

  const people = new Map<string, Person>();
  const known = new Map<string, Tag>();
  for (const row of await db.run(nameRows, { tagIds: [...tagIds], personIds: [...personIds] })) {
    if (row.kind === 'tag') known.set(row.id, tagOf(row));
    else people.set(row.id, personOf(row));
  }

  const assigneeIds = new Map<string, string[]>();
  const tags = new Map<string, Tag[]>();
  // Most tasks have one assignee, so that mostly there is nothing to put in order.
  const ordered = links.some(({ position }) => position > 0)
    ? links.toSorted((a, b) => a.position - b.position)
    : links;
  for (const { kind, taskId, id } of ordered) {
    if (kind === 'assignee') listOf(assigneeIds, taskId).push(id);
    else {
      const tag = known.get(id);
      if (tag) insertByName(listOf(tags, taskId), tag);
    }
  }
  return { people, assigneeIds, tags };
}
