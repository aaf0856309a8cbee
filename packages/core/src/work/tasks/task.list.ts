import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { authorize, requirePermission, visibility } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Dialect } from '../../database/engine.ts';
import {
  cutPage,
  orderOf,
  paged,
  pageRequest,
  type PageStart,
  pageValues,
  type SortColumn,
  startOf,
} from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import { anyOf, countAll } from '../../database/sql.ts';
import { statementFamily } from '../../database/statement.ts';
import type { Page } from '../../kernel/schemas.ts';
import { searchWords } from '../../kernel/search-words.ts';
import { teamIdsWithin } from '../../tenancy/index.ts';
import { found, matches, rank, searchQuery, titlePattern } from './task-search.ts';
import { namesIn } from './task.names.ts';
import { selectTasks, tasksOf, type TaskRow } from './task.queries.ts';
import { keptSince } from './task.record.ts';
import type { Task, TaskListInput, TaskSortField } from './task.schema.ts';

/** Every word must be found; the first of them decide the order. */
const rankedTerms = 10;

const sortColumns: Record<TaskSortField, SortColumn> = {
  createdAt: { by: sql`tasks.created_at` },
  updatedAt: { by: sql`tasks.updated_at` },
  dueDate: { by: sql`tasks.due_date`, nullable: true },
  priority: { by: sql`tasks.priority_rank` },
  status: { by: sql`tasks.status_rank` },
  title: { by: sql`tasks.title_sort` },
  number: { by: sql`tasks.number` },
};

/** What is bound to the statement of a list. */
interface ListValues extends Readonly<Record<string, unknown>> {
  userId: string;
  now: Date;
  status: readonly string[];
  oneStatus: string;
  priority: readonly string[];
  assignee: readonly string[];
  tag: readonly string[];
  parent: readonly string[];
  team: readonly string[];
  oneTeam: string;
  /** The teams of the departments, and of all below them. */
  departmentTeams: readonly string[];
  createdBy: readonly string[];
  keptSince: Date;
  dueBefore: Date;
  dueAfter: Date;
  query: string;
  rows: number;
  afterValue: string | number | null;
  afterId: string | number | null;
}

/** Of a filter that takes ids and `none`, what it was given. */
type Choice = 'any' | 'ids' | 'none' | 'both';

/** What the SQL of a list depends on. */
interface ListShape {
  /** `own` shows only what the caller created. */
  trash: 'none' | 'own' | 'all';
  status: 'any' | 'one' | 'many';
  filters: readonly ('priority' | 'assignee' | 'tag' | 'department' | 'createdBy' | 'dueBefore' | 'dueAfter')[];
  parent: Choice;
  team: Choice | 'one';
  overdue: boolean | null;
  /** How many words order the hits; null is no search. */
  terms: number | null;
  sort: TaskSortField | `-${TaskSortField}` | 'hits';
  start: PageStart;
  /** Whether the rows are counted instead of read. */
  count: boolean;
}

/** Whether a column is among the ids, or null, as a filter has chosen. */
function chosen(
  dialect: Dialect,
  column: string,
  choice: Exclude<Choice, 'any'>,
  ids: readonly string[],
): RawBuilder<SqlBool> {
  const isNone = sql<SqlBool>`${sql.ref(column)} is null`;
  if (choice === 'none') return isNone;
  const isAmong = anyOf(dialect, column, ids);
  return choice === 'ids' ? isAmong : sql<SqlBool>`(${isAmong} or ${isNone})`;
}

// Instants go to the database as dates; what comes from it is text, and so is the type of the column.
const instant = (value: Date) => value as unknown as string;

const patternName = (index: number): string => `pattern${index}`;

const listStatement = statementFamily<
  ListShape,
  ListValues,
  TaskRow & { sortValue: string | number | null; total: number }
>((db, values, dialect, shape) => {
  const has = (name: ListShape['filters'][number]) => shape.filters.includes(name);
  let query = db.selectFrom('tasks');
  if (shape.trash === 'none') query = query.where('tasks.deleted_at', 'is', null);
  else query = query.where('tasks.deleted_at', '>', instant(values.keptSince));
  if (shape.trash === 'own') query = query.where('tasks.created_by_id', '=', values.userId);
  // One status keeps the order of its index; several do not.
  if (shape.status === 'one') query = query.where('tasks.status', '=', values.oneStatus as Task['status']);
  if (shape.status === 'many') query = query.where(anyOf(dialect, 'tasks.status', values.status, 'text'));
  if (has('priority')) query = query.where(anyOf(dialect, 'tasks.priority', values.priority, 'text'));
  if (has('createdBy')) query = query.where(anyOf(dialect, 'tasks.created_by_id', values.createdBy));
  if (has('dueBefore')) query = query.where('tasks.due_date', '<=', instant(values.dueBefore));
  if (has('dueAfter')) query = query.where('tasks.due_date', '>=', instant(values.dueAfter));
  if (shape.parent !== 'any') query = query.where(chosen(dialect, 'tasks.parent_id', shape.parent, values.parent));
  // One team keeps the order of its index.
  if (shape.team === 'one') query = query.where('tasks.team_id', '=', values.oneTeam);
  else if (shape.team !== 'any') query = query.where(chosen(dialect, 'tasks.team_id', shape.team, values.team));
  if (has('department')) query = query.where(anyOf(dialect, 'tasks.team_id', values.departmentTeams));
  if (has('assignee'))
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('task_assignees')
          .select('task_assignees.task_id')
          .whereRef('task_assignees.task_id', '=', 'tasks.id')
          .where(anyOf(dialect, 'task_assignees.user_id', values.assignee)),
      ),
    );
  if (has('tag'))
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('task_tags')
          .select('task_tags.task_id')
          .whereRef('task_tags.task_id', '=', 'tasks.id')
          .where(anyOf(dialect, 'task_tags.tag_id', values.tag)),
      ),
    );
  if (shape.overdue !== null)
    query = query.where((where) => {
      const late = where.and([
        where('tasks.due_date', '<', instant(values.now)),
        where('tasks.status', 'not in', ['done', 'archived']),
      ]);
      return shape.overdue ? late : where.or([where('tasks.due_date', 'is', null), where.not(late)]);
    });
  if (shape.terms === 0) query = query.where(sql<boolean>`1 = 0`);
  if (shape.terms !== null)
    query = query.innerJoin('task_search', (join) => {
      const ofTask = join.onRef('task_search.task_id', '=', 'tasks.id');
      return dialect === 'postgresql' && shape.terms !== 0 ? ofTask.on(matches(values.query)) : ofTask;
    });
  if (shape.terms !== null && shape.terms > 0 && dialect === 'sqlite')
    query = query.innerJoin(found(values.query), (join) =>
      join.on(sql<boolean>`found.sequence = task_search.sequence`),
    );
  if (shape.count) return query.select(countAll().as('total')) as never;
  const id = sql`tasks.id`;
  const patterns = Array.from({ length: shape.terms ?? 0 }, (_, index) => values[patternName(index)] as string);
  const order =
    shape.sort === 'hits' ? { by: rank(patterns), descending: true, id } : orderOf(shape.sort, sortColumns, id);
  return paged(selectTasks(query), order, shape.start, values) as never;
});

const filterNames = ['priority', 'assignee', 'tag', 'department', 'createdBy', 'dueBefore', 'dueAfter'] as const;

function choiceOf(given: readonly string[] | undefined): Choice {
  if (!given) return 'any';
  if (!given.includes('none')) return 'ids';
  return given.every((one) => one === 'none') ? 'none' : 'both';
}

const idsOf = (given: readonly string[] = []): string[] => given.filter((one) => one !== 'none');

/** A page of the tasks that the caller may see (D4). */
export async function listTasks(ctx: ServiceContext, input: TaskListInput): Promise<Page<Task>> {
  authorize(ctx, 'task:read');
  if (input.deleted) requirePermission(ctx, 'task:delete');
  const { principal } = ctx;
  const { userId, organizationId } = principal;
  const { dialect } = ctx.database.engine;
  const terms = input.search === undefined ? null : searchWords(input.search);
  const ranked = terms?.slice(0, rankedTerms) ?? null;
  const sort = input.sort ?? (terms && terms.length > 0 ? 'hits' : '-createdAt');
  const request = pageRequest(ctx, 'tasks', sort, input);
  const people = (ids: readonly string[] = []) => ids.map((id) => (id === 'me' ? userId : id));
  // The trash is for those who may empty it: a member's own, a manager's all.
  const trash = visibility(principal, 'task:delete_any') === 'all' ? 'all' : 'own';
  const shape: ListShape = {
    trash: input.deleted ? trash : 'none',
    status: input.status ? (input.status.length === 1 ? 'one' : 'many') : 'any',
    filters: filterNames.filter((name) => input[name] !== undefined),
    parent: choiceOf(input.parent),
    team: input.team?.length === 1 && input.team[0] !== 'none' ? 'one' : choiceOf(input.team),
    overdue: input.overdue ?? null,
    terms: ranked?.length ?? null,
    sort,
    start: startOf(request),
    count: false,
  };
  const filters = {
    userId,
    now: ctx.clock.now(),
    status: input.status ?? [],
    oneStatus: input.status?.[0] ?? '',
    priority: input.priority ?? [],
    assignee: people(input.assignee),
    tag: input.tag ?? [],
    parent: idsOf(input.parent),
    team: idsOf(input.team),
    oneTeam: input.team?.[0] ?? '',
    createdBy: people(input.createdBy),
    keptSince: keptSince(ctx.clock.now()),
    dueBefore: new Date(input.dueBefore ?? 0),
    dueAfter: new Date(input.dueAfter ?? 0),
    query: searchQuery(dialect, organizationId, terms ?? []),
    ...Object.fromEntries((ranked ?? []).map((term, index) => [patternName(index), titlePattern(term)])),
    ...pageValues(request),
  };
  const names = await namesIn(ctx);
  return read(ctx, async (db) => {
    const departmentTeams = input.department ? await teamIdsWithin(db, input.department) : [];
    const values: ListValues = { ...filters, departmentTeams };
    const { rows, nextCursor } = cutPage(await db.run(listStatement(shape), values), request);
    const page: Page<Task> = { data: await tasksOf(db, names, rows), nextCursor };
    if (!input.total) return page;
    const [counted] = await db.run(listStatement({ ...shape, start: 'first', count: true }), values);
    return { ...page, total: counted?.total ?? 0 };
  });
}
