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

/** A person or a tag by name. */
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

/** The names beside one task: it need not be read first, so the two travel together. */
const linksOfOne = statement((db, { taskId }: { taskId: string }) =>
  db
    .selectFrom('task_assignees')
    .innerJoin('users', 'users.id', 'task_assignees.user_id')
    .select([kindOf<NameRow['kind']>('assignee'), ...personColumns, 'task_assignees.position'])
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
        .selectFrom('tasks')
        .innerJoin('users', (join) =>
          join.on(sql<boolean>`users.id in (tasks.created_by_id, tasks.updated_by_id, ${current.user})`),
        )
        .select([kindOf('person'), ...personColumns, sql<number>`0`.as('position')])
        .where('tasks.id', '=', taskId),
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
    else people.set(row.id, personOf(row));
    if (row.kind === 'assignee') assignees.push(row);
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

/** Puts a value under a key that may have some. */
function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
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
    if (kind === 'assignee') push(assigneeIds, taskId, id);
    else {
      const tag = known.get(id);
      if (tag) push(tags, taskId, tag);
    }
  }
  for (const list of tags.values()) if (list.length > 1) list.sort(byName);
  return { people, assigneeIds, tags };
}
