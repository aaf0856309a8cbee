import { sql } from 'kysely';
import { authorize, decide } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Dialect } from '../../database/engine.ts';
import {
  orderOf,
  type PageOrder,
  paged,
  cutPage,
  pageRequest,
  countOf,
  type SortColumn,
} from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import type { Page, Person } from '../../kernel/schemas.ts';
import { searchTerms } from '../../kernel/text.ts';
import { workErrors } from '../work.errors.ts';
import { matches, rank } from './task-search.ts';
import type { Task, TaskId, TaskListInput, TaskSortField } from './task.schema.ts';

const columns = [
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

const push = <Value>(lists: Map<string, Value[]>, key: string, value: Value): void => {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
};

/** Reads assignees, tags and people of a page in one statement. */
export async function linksOf(
  db: ReadDoor,
  dialect: Dialect,
  taskIds: readonly string[],
  personIds: readonly string[],
): Promise<TaskLinks> {
  const people = new Map<string, Person>();
  const assigneeIds = new Map<string, string[]>();
  const tags = new Map<string, Task['tags']>();
  if (taskIds.length === 0) return { people, assigneeIds, tags };
  const nothing = sql<string>`null`;
  const rows = await db
    .selectFrom('task_assignees')
    .innerJoin('users', 'users.id', 'task_assignees.user_id')
    .select([
      sql<'assignee' | 'tag' | 'person'>`'assignee'`.as('kind'),
      'task_assignees.task_id as taskId',
      'task_assignees.position',
      'users.id',
      'users.username as name',
      'users.full_name as detail',
    ])
    .where(anyOf(dialect, 'task_assignees.task_id', taskIds))
    .unionAll(
      db
        .selectFrom('task_tags')
        .innerJoin('tags', 'tags.id', 'task_tags.tag_id')
        .select([
          sql<'tag'>`'tag'`.as('kind'),
          'task_tags.task_id as taskId',
          sql<number>`0`.as('position'),
          'tags.id',
          'tags.name',
          'tags.color as detail',
        ])
        .where(anyOf(dialect, 'task_tags.task_id', taskIds)),
    )
    .unionAll(
      db
        .selectFrom('users')
        .select([
          sql<'person'>`'person'`.as('kind'),
          (dialect === 'postgresql' ? sql<string>`null::uuid` : nothing).as('taskId'),
          sql<number>`0`.as('position'),
          'users.id',
          'users.username as name',
          'users.full_name as detail',
        ])
        .where(anyOf(dialect, 'users.id', [...new Set(personIds)])),
    )
    .orderBy('position')
    .orderBy('name')
    .execute();
  for (const { kind, taskId, id, name, detail } of rows) {
    if (kind === 'tag') push(tags, taskId, { id, name: name ?? '', color: detail ?? '' });
    else people.set(id, { id, username: name, fullName: detail });
    if (kind === 'assignee') push(assigneeIds, taskId, id);
  }
  return { people, assigneeIds, tags };
}

/** The tasks of some rows, in their order. */
async function tasksOf(db: ReadDoor, dialect: Dialect, rows: readonly TaskRow[]): Promise<Task[]> {
  const links = await linksOf(
    db,
    dialect,
    rows.map((row) => row.id),
    rows.flatMap((row) => [row.createdById, row.updatedById]),
  );
  return rows.map((row) => assembleTask(row, links));
}

/** A task that is not in the trash, or null: missing, foreign and invisible are one. */
export async function findTask(db: ReadDoor, dialect: Dialect, id: string): Promise<Task | null> {
  const row: TaskRow | undefined = await db
    .selectFrom('tasks')
    .select(columns)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) return null;
  const [task] = await tasksOf(db, dialect, [row]);
  return task ?? null;
}

/** @throws `task_not_found` when the caller sees no such task, or it is in the trash */
export async function requireTask(db: ReadDoor, id: string): Promise<void> {
  const found = await db
    .selectFrom('tasks')
    .select('tasks.id')
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null)
    .executeTakeFirst();
  if (!found) throw workErrors.task_not_found();
}

/** @throws `task_not_found` */
export async function getTask(ctx: ServiceContext, { id }: TaskId): Promise<Task> {
  authorize(ctx, 'task:read');
  const task = await read(ctx, (db) => findTask(db, ctx.database.engine.dialect, id));
  if (!task) throw workErrors.task_not_found();
  return task;
}

const sortColumns: Record<TaskSortField, SortColumn> = {
  createdAt: { by: sql`tasks.created_at` },
  updatedAt: { by: sql`tasks.updated_at` },
  dueDate: { by: sql`tasks.due_date`, nullable: true },
  priority: { by: sql`tasks.priority_rank` },
  status: { by: sql`tasks.status_rank` },
  title: { by: sql`tasks.title_sort` },
  number: { by: sql`tasks.number` },
};

const taskId = sql`tasks.id`;

/** Every task that matches and that the caller may see. */
function matchingTasks(ctx: ServiceContext, db: ReadDoor, input: TaskListInput, terms: readonly string[]) {
  const principal = ctx.principal;
  if (!principal?.organizationId) throw new Error('A list of tasks has an organization.');
  const { dialect } = ctx.database.engine;
  const people = (ids: readonly string[]) => ids.map((id) => (id === 'me' ? principal.userId : id));
  let query = db.selectFrom('tasks').where('tasks.deleted_at', input.deleted ? 'is not' : 'is', null);
  // The trash is for those who may empty it: a member's own, a manager's all.
  if (input.deleted && !decide(principal, 'task:delete_any').allowed)
    query = query.where('tasks.created_by_id', '=', principal.userId);
  if (input.status) query = query.where('tasks.status', 'in', input.status);
  if (input.priority) query = query.where('tasks.priority', 'in', input.priority);
  if (input.createdBy) query = query.where(anyOf(dialect, 'tasks.created_by_id', people(input.createdBy)));
  if (input.parent) {
    const ids = input.parent.filter((parent) => parent !== 'none');
    const none = input.parent.length > ids.length;
    query = query.where((where) =>
      where.or([anyOf(dialect, 'tasks.parent_id', ids), ...(none ? [where('tasks.parent_id', 'is', null)] : [])]),
    );
  }
  if (input.assignee) {
    const ids = people(input.assignee);
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('task_assignees')
          .select('task_assignees.task_id')
          .whereRef('task_assignees.task_id', '=', 'tasks.id')
          .where(anyOf(dialect, 'task_assignees.user_id', ids)),
      ),
    );
  }
  if (input.tag) {
    const ids = input.tag;
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('task_tags')
          .select('task_tags.task_id')
          .whereRef('task_tags.task_id', '=', 'tasks.id')
          .where(anyOf(dialect, 'task_tags.tag_id', ids)),
      ),
    );
  }
  // Instants go to the database as dates; what comes from it is text, and so is the type of the column.
  const instant = (value: string | Date) => new Date(value) as unknown as string;
  if (input.dueBefore) query = query.where('tasks.due_date', '<=', instant(input.dueBefore));
  if (input.dueAfter) query = query.where('tasks.due_date', '>=', instant(input.dueAfter));
  if (input.overdue !== undefined) {
    const { overdue } = input;
    query = query.where((where) => {
      const late = where.and([
        where('tasks.due_date', '<', instant(ctx.clock.now())),
        where('tasks.status', 'not in', ['done', 'archived']),
      ]);
      return overdue ? late : where.or([where.not(late), where('tasks.due_date', 'is', null)]);
    });
  }
  if (input.search === undefined) return query;
  const { organizationId } = principal;
  return query
    .innerJoin('task_search', 'task_search.task_id', 'tasks.id')
    .where(terms.length > 0 ? matches(dialect, organizationId, terms) : sql<boolean>`1 = 0`);
}

/** A page of the tasks that the caller may see (D4). */
export async function listTasks(ctx: ServiceContext, input: TaskListInput): Promise<Page<Task>> {
  authorize(ctx, 'task:read');
  if (input.deleted) authorize(ctx, 'task:delete');
  const { dialect } = ctx.database.engine;
  const terms = searchTerms(input.search ?? '');
  const byHits = input.sort === undefined && terms.length > 0;
  const order: PageOrder = byHits
    ? { by: rank(terms), descending: true, id: taskId }
    : orderOf(input.sort ?? '-createdAt', sortColumns, taskId);
  const request = pageRequest(ctx, 'tasks', byHits ? 'hits' : (input.sort ?? '-createdAt'), input);
  return read(ctx, async (db) => {
    const query = matchingTasks(ctx, db, input, terms);
    const { rows, nextCursor } = cutPage(await paged(query.select(columns), order, request).execute(), request);
    const answer: Page<Task> = { data: await tasksOf(db, dialect, rows), nextCursor };
    return input.total ? { ...answer, total: await countOf(query) } : answer;
  });
}
