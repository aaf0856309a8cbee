import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { Person } from '../../kernel/schemas.ts';
import { workErrors } from '../work.errors.ts';
import type { Task, TaskId } from './task.schema.ts';

export const taskColumns = [
  'tasks.id',
  'tasks.number',
  'tasks.title',
  'tasks.description',
  'tasks.status',
  'tasks.priority',
  'tasks.due_date as dueDate',
  'tasks.start_date as startDate',
  'tasks.estimated_hours as estimatedHours',
  'tasks.actual_hours as actualHours',
  'tasks.completed_at as completedAt',
  'tasks.parent_id as parentId',
  'tasks.team_id as teamId',
  'tasks.created_by_id as createdById',
  'tasks.updated_by_id as updatedById',
  'tasks.created_at as createdAt',
  'tasks.updated_at as updatedAt',
  'tasks.deleted_at as deletedAt',
  'tasks.version',
] as const;

/** A task without the things that are joined to it. */
export type TaskRow = Omit<Task, 'key' | 'assignees' | 'tags' | 'createdBy' | 'updatedBy'> & {
  createdById: string;
  updatedById: string;
};

/** What is joined to the tasks of one page. */
export interface TaskLinks {
  people: ReadonlyMap<string, Person>;
  assigneeIds: ReadonlyMap<string, readonly string[]>;
  tags: ReadonlyMap<string, Task['tags']>;
}

const unknownPerson = (id: string): Person => ({ id, username: null, fullName: null });

/** Puts a task together as the wire shows it, members in the order of the schema. */
export function assembleTask(row: TaskRow, links: TaskLinks): Task {
  const person = (id: string) => links.people.get(id) ?? unknownPerson(id);
  return {
    id: row.id,
    number: row.number,
    key: null,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    dueDate: row.dueDate,
    startDate: row.startDate,
    estimatedHours: row.estimatedHours,
    actualHours: row.actualHours,
    completedAt: row.completedAt,
    parentId: row.parentId,
    teamId: row.teamId,
    assignees: (links.assigneeIds.get(row.id) ?? []).map(person),
    tags: [...(links.tags.get(row.id) ?? [])],
    createdBy: person(row.createdById),
    updatedBy: person(row.updatedById),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    deletedAt: row.deletedAt,
    version: row.version,
  };
}

interface LinkRow {
  kind: 'assignee' | 'tagged' | 'tag' | 'person';
  /** The task of a link; the tag or person itself. */
  id: string;
  /** What a link leads to; the name of a tag or person. */
  value: string | null;
  /** The color of a tag, the full name of a person. */
  detail: string | null;
  /** The place of an assignee. */
  position: number;
}

interface LinkValues extends Readonly<Record<string, unknown>> {
  taskIds: readonly string[];
  personIds: readonly string[];
}

/** Links of a page, and each tag and person once, in one statement: joined to every link they cost twice as much. */
const linkRows = statement<LinkValues, LinkRow>((db, { taskIds, personIds }, dialect) => {
  const zero = sql<number>`0`.as('position');
  const none = sql<string | null>`null`.as('detail');
  const text = (column: string) => sql<string | null>`cast(${sql.ref(column)} as text)`.as('value');
  return db
    .selectFrom('task_assignees')
    .select([
      sql<LinkRow['kind']>`'assignee'`.as('kind'),
      'task_assignees.task_id as id',
      text('task_assignees.user_id'),
      none,
      'task_assignees.position',
    ])
    .where(anyOf(dialect, 'task_assignees.task_id', taskIds))
    .unionAll(
      db
        .selectFrom('task_tags')
        .select([sql<'tagged'>`'tagged'`.as('kind'), 'task_tags.task_id as id', text('task_tags.tag_id'), none, zero])
        .where(anyOf(dialect, 'task_tags.task_id', taskIds)),
    )
    .unionAll(
      db
        .selectFrom('tags')
        .select([sql<'tag'>`'tag'`.as('kind'), 'tags.id', 'tags.name as value', 'tags.color as detail', zero])
        .where('tags.id', 'in', (where) =>
          where
            .selectFrom('task_tags')
            .select('task_tags.tag_id')
            .where(anyOf(dialect, 'task_tags.task_id', taskIds)),
        ),
    )
    .unionAll(
      db
        .selectFrom('users')
        .select([
          sql<'person'>`'person'`.as('kind'),
          'users.id',
          'users.username as value',
          'users.full_name as detail',
          zero,
        ])
        .where((where) =>
          where.or([
            anyOf(dialect, 'users.id', personIds),
            where(
              'users.id',
              'in',
              where
                .selectFrom('task_assignees')
                .select('task_assignees.user_id')
                .where(anyOf(dialect, 'task_assignees.task_id', taskIds)),
            ),
          ]),
        ),
    );
});

const push = <Value>(lists: Map<string, Value[]>, key: string, value: Value): void => {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
};

export const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** Reads what is joined to some tasks, and the named people. */
export async function linksOf(
  db: ReadDoor,
  taskIds: readonly string[],
  personIds: readonly string[],
): Promise<TaskLinks> {
  const people = new Map<string, Person>();
  const assignees = new Map<string, { id: string; position: number }[]>();
  const known = new Map<string, Task['tags'][number]>();
  const tagged: [taskId: string, tagId: string][] = [];
  const rows = taskIds.length === 0 ? [] : await db.run(linkRows, { taskIds, personIds: [...new Set(personIds)] });
  for (const { kind, id, value, detail, position } of rows) {
    if (kind === 'person') people.set(id, { id, username: value, fullName: detail });
    else if (kind === 'tag') known.set(id, { id, name: value ?? '', color: detail ?? '' });
    else if (kind === 'tagged') tagged.push([id, value ?? '']);
    else push(assignees, id, { id: value ?? '', position });
  }
  const tags = new Map<string, Task['tags']>();
  for (const [taskId, tagId] of tagged) {
    const tag = known.get(tagId);
    if (tag) push(tags, taskId, tag);
  }
  for (const list of tags.values()) list.sort(byName);
  const assigneeIds = new Map<string, readonly string[]>();
  for (const [taskId, list] of assignees)
    assigneeIds.set(
      taskId,
      list.sort((a, b) => a.position - b.position).map((assignee) => assignee.id),
    );
  return { people, assigneeIds, tags };
}

/** The tasks of some rows, in their order. */
export async function tasksOf(db: ReadDoor, rows: readonly TaskRow[]): Promise<Task[]> {
  const ids = rows.map((row) => row.id);
  const links = await linksOf(
    db,
    ids,
    rows.flatMap((row) => [row.createdById, row.updatedById]),
  );
  return rows.map((row) => assembleTask(row, links));
}

const livingTask = statement((db, { id }: { id: string }) =>
  db.selectFrom('tasks').select(taskColumns).where('tasks.id', '=', id).where('tasks.deleted_at', 'is', null),
);

/** @throws `task_not_found` when the caller sees no such task, or it is in the trash: missing, foreign and invisible are one */
export async function requireTask(db: ReadDoor, id: string): Promise<TaskRow> {
  const [row] = await db.run(livingTask, { id });
  if (!row) throw workErrors.task_not_found();
  return row;
}

const livingTaskLocked = statement((db, { id }: { id: string }, dialect) => {
  const query = db
    .selectFrom('tasks')
    .select(taskColumns)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null);
  // SQLite has one writer.
  return dialect === 'postgresql' ? query.forUpdate() : query;
});

/**
 * Reads a task to change it, locked until commit.
 * @throws `task_not_found` when the caller sees no such task, or it is in the trash
 */
export async function lockTask(db: ReadDoor, id: string): Promise<TaskRow> {
  const [row] = await db.run(livingTaskLocked, { id });
  if (!row) throw workErrors.task_not_found();
  return row;
}

/** @throws `task_not_found` */
export async function getTask(ctx: ServiceContext, { id }: TaskId): Promise<Task> {
  authorize(ctx, 'task:read');
  return read(ctx, async (db) => {
    const row = await requireTask(db, id);
    const links = await linksOf(db, [id], [row.createdById, row.updatedById]);
    return assembleTask(row, links);
  });
}
