import { type Kysely, type RawBuilder, sql, type SqlBool } from 'kysely';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Dialect } from '../../database/engine.ts';
import {
  cutPage,
  orderOf,
  paged,
  pagedHalves,
  type PageOrder,
  pageRequest,
  type PageStart,
  pageValues,
  type SortColumn,
  type Sorted,
  startOf,
} from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Tables } from '../../database/schema.ts';
import { countAll } from '../../database/sql.ts';
import { statementFamily } from '../../database/statement.ts';
import { searchWords } from '../../kernel/search-words.ts';
import { including } from '../../records/index.ts';
import { teamIdsWithin } from '../../tenancy/index.ts';
import { hitsOf, isHit, rank, searchFor, wordStart } from './task-search.ts';
import { filtersOf, valuesOf } from './task.filter-input.ts';
import {
  type FilterName,
  filterNames,
  type Filters,
  type FilterValues,
  isLink,
  linkFilters,
  type Where,
} from './task.filters.ts';
import { taskIncludeReaders } from './task.includes.ts';
import { namesIn } from './task.names.ts';
import { selectTasks, tasksOf, type TaskRow } from './task.queries.ts';
import type { TaskListInput, TaskPage, TaskSortField } from './task.schema.ts';
import {
  conditionsOf,
  isIndexed,
  ofTasks,
  orderColumns,
  prefixOf,
  type Source,
  sourceOf,
  type Way,
} from './task.ways.ts';

/** How many words of a search decide the order. All its words must be found. */
const rankedTerms = 10;

/** When fewer tasks pass a filter, all are read and sorted. When more pass, one in a few thousand tasks of the list's order does. */
const mostSorted = 2000;

/** One row more than the largest page has. */
const mostRows = 101;

/** How many rows a count reads at most, which takes about 30 ms. */
const mostCounted = 10_000;

const sortColumns: Record<TaskSortField, SortColumn> = {
  createdAt: { by: sql`tasks.created_at` },
  updatedAt: { by: sql`tasks.updated_at` },
  dueDate: { by: sql`tasks.due_date`, nullable: true },
  // So their indexes also serve the filters by one priority or status, whose tasks are in the order of creation.
  priority: { by: sql`tasks.priority_rank`, thenBy: sql`tasks.created_at` },
  status: { by: sql`tasks.status_rank`, thenBy: sql`tasks.created_at` },
  title: { by: sql`tasks.title_sort` },
  number: { by: sql`tasks.number` },
  // Only together with one project.
  position: { by: sql`tasks.position` },
};

/** For each field of a sort, the filters by one value whose indexes have this order. */
const ordered: Partial<Record<TaskSortField | 'hits', readonly FilterName[]>> = {
  createdAt: ['assignee', 'tag', 'parent', 'project', 'createdBy', 'team', 'status', 'priority', 'created'],
  updatedAt: ['updated'],
  position: ['project'],
  dueDate: ['overdue', 'due'],
  status: ['status'],
  priority: ['priority'],
};

/** The values that are bound to the statement of a list. */
interface ListValues extends FilterValues {
  query: string;
  rows: number;
  /** How many rows a count reads at most. */
  mostRead: number;
  afterValue: string | number | null;
  afterThen: string | number | null;
  afterId: string | number | null;
}

/** How a list searches. `hits`: it starts from the hits. `check`: it checks task by task whether it is a hit. */
type SearchWay = 'hits' | 'check';

/** What the SQL of a list depends on. */
interface ListShape {
  filters: Filters;
  way: Way | null;
  search: SearchWay | null;
  /** Whether the hits of a search are checked too. */
  checkHits: boolean;
  /** How many words a search has. */
  words: number;
  sort: TaskSortField | `-${TaskSortField}` | 'hits';
  start: PageStart;
}

const wordName = (index: number): string => `word${index}`;

const wordsIn = (values: ListValues, count: number): string[] =>
  Array.from({ length: count }, (_, index) => values[wordName(index)] as string);

/** Selects the tasks of some ids. Without the forced order of reading, either database might walk through all tasks instead. */
function joinSource(db: Kysely<Tables>, ids: Source, dialect: Dialect) {
  if (dialect === 'postgresql') return db.selectFrom('tasks').where(sql<SqlBool>`tasks.id = any(array(${ids}))`);
  const each = db.selectFrom(ids.as('some')).select('some.id').distinct().as('found');
  return ofTasks(db.selectFrom(each).crossJoin('tasks').whereRef('tasks.id', '=', 'found.id'));
}

/** Joins the hits of a search with their tasks. SQLite reads tables in the order of a cross join. */
function joinHits(db: Kysely<Tables>, query: string, dialect: Dialect) {
  const hits = db.selectFrom(sql<{ task_id: string }>`${hitsOf(dialect, query)}`.as('found'));
  return ofTasks(
    dialect === 'postgresql'
      ? hits.innerJoin('tasks', 'tasks.id', 'found.task_id')
      : hits
          .crossJoin('task_search')
          .where(sql<boolean>`task_search.sequence = found.sequence`)
          .crossJoin('tasks')
          .whereRef('tasks.id', '=', 'task_search.task_id'),
  );
}

/** Joins the tables of a list, beginning with the one that its way reads first. */
function tablesOf(db: Kysely<Tables>, values: ListValues, dialect: Dialect, { way, search, filters }: RowShape) {
  if (search === 'hits') return joinHits(db, values.query, dialect);
  if (way?.how === 'ids')
    return joinSource(db, sourceOf(db, way.by, values, dialect, filters, 2 * mostSorted), dialect);
  if (way === null || !isLink(way.by)) return ofTasks(db.selectFrom('tasks'));
  const { table, column } = linkFilters[way.by];
  return ofTasks(
    db
      .selectFrom(table)
      .innerJoin('tasks', (join) => join.on('tasks.id', '=', sql.ref<string>(`${table}.task_id`)))
      .where(sql.ref(column), '=', values[way.by]),
  );
}

type RowShape = Omit<ListShape, 'sort' | 'start'>;

/** The conditions of a list on its tasks, with those of its search: see `conditionsOf`. */
function conditionsIn(where: Where, values: ListValues, dialect: Dialect, shape: RowShape) {
  const { taken, checks } = conditionsOf(where, shape, values, dialect);
  if (shape.search === 'check' || (shape.search === 'hits' && shape.checkHits)) {
    const words = where
      .selectFrom('task_search')
      .select(isHit(dialect, values.query, wordsIn(values, shape.words)).as('isHit'))
      .whereRef('task_search.task_id', '=', 'tasks.id');
    checks.push(sql<SqlBool>`(${words}) is true`);
  }
  return { taken, checks };
}

/** The order of a list. A list that walks through links is ordered by the columns of the links, which repeat those of the tasks. */
function orderIn(values: ListValues, dialect: Dialect, shape: ListShape): PageOrder {
  const { sort, way, words } = shape;
  const id = sql`tasks.id`;
  if (sort === 'hits') {
    const title = dialect === 'sqlite' ? sql`task_search.title` : sql`found.title`;
    return { by: rank(dialect, title, wordsIn(values, Math.min(words, rankedTerms))), descending: true, id };
  }
  const prefix = prefixOf(shape, values, dialect);
  const order = {
    ...orderOf(sort, sortColumns, id),
    prefix: prefix ? { column: sql.ref(prefix.column), value: prefix.value } : undefined,
  };
  if (way?.how !== 'order' || !isLink(way.by)) return order;
  const { table } = linkFilters[way.by];
  return { ...order, by: sql.ref(`${table}.created_at`), id: sql.ref(`${table}.task_id`) };
}

const listStatement = statementFamily<ListShape, ListValues, TaskRow & Sorted>((db, values, dialect, shape) => {
  const rows = tablesOf(db, values, dialect, shape).where((where) => {
    const { taken, checks } = conditionsIn(where, values, dialect, shape);
    return where.and([...taken, ...checks]);
  });
  const order = orderIn(values, dialect, shape);
  const { afterValue, afterThen, afterId } = values;
  // For a limit that it does not know PostgreSQL expects a tenth of all rows, and would read and sort them all.
  const most = dialect === 'postgresql' ? sql.lit(mostRows) : values.rows;
  const limited = { afterValue, afterThen, afterId, rows: most };
  const [first, ...rest] = order.nullable
    ? pagedHalves(selectTasks(rows), order, shape.start, limited)
    : [paged(selectTasks(rows), order, shape.start, limited)];
  if (dialect === 'sqlite' && rest.length === 0) return first;
  const whole = (part: typeof first) => db.selectFrom(part.as('part')).selectAll();
  return rest.reduce((all, part) => all.unionAll(whole(part)), whole(first)).limit(sql<number>`${values.rows}`);
});

/** The order of the index that a count reads. Without it, PostgreSQL would read the whole table for a rare value. */
function orderOfCount(shape: RowShape, values: ListValues, dialect: Dialect): RawBuilder<unknown>[] {
  const { way, search } = shape;
  if (search === 'hits' || way?.how === 'ids') return [];
  if (way && isLink(way.by)) return [sql.ref(`${linkFilters[way.by].table}.created_at`)];
  const prefix = way?.by === 'team' ? 'tasks.team_id' : prefixOf(shape, values, dialect)?.column;
  return [
    ...(prefix === undefined || dialect === 'sqlite' ? [] : [sql.ref(prefix)]),
    sql.ref((way && orderColumns[way.by]) ?? 'tasks.created_at'),
  ];
}

const countStatement = statementFamily<RowShape, ListValues, { visited: number; total: number }>(
  (db, values, dialect, shape) => {
    const visited = tablesOf(db, values, dialect, shape)
      .where((where) => where.and(conditionsIn(where, values, dialect, shape).taken))
      .select((where) => {
        const { checks } = conditionsIn(where, values, dialect, shape);
        return sql<number>`case when ${where.and(checks)} then 1 else 0 end`.as('matches');
      })
      // As a parameter: if PostgreSQL knew how many they are, it would sort all tasks of a small organization instead.
      .limit(sql<number>`${values.mostRead}`);
    const ordered = orderOfCount(shape, values, dialect).reduce((some, column) => some.orderBy(column), visited);
    return db
      .selectFrom(ordered.as('visited'))
      .select([countAll().as('visited'), sql<number>`cast(coalesce(sum(visited.matches), 0) as integer)`.as('total')]);
  },
);

/** Counts the tasks that pass each of some filters, only as far as it matters. */
const probeStatement = statementFamily<
  { filters: Filters; names: readonly FilterName[] },
  FilterValues,
  Readonly<Partial<Record<FilterName, number>>>
>((db, values, dialect, { filters, names }) => {
  const counts = names.map((name) => {
    const some = sourceOf(db, name, values, dialect, filters, mostSorted);
    return db.selectFrom(some.as('some')).select(countAll().as('found')).as(name);
  });
  return db.selectNoFrom(counts);
});

const isRange = (name: FilterName): boolean => name === 'due' || name === 'created' || name === 'updated';

/** Finds a filter whose index has the order of the sort. */
function inOrderOf(filters: Filters, sort: TaskSortField | `-${TaskSortField}` | 'hits'): Way | null {
  const field = sort.replace('-', '') as TaskSortField | 'hits';
  // The trash has an index in the order of creation only. In another order it is read by it all the same.
  const fitting = filters.trash ? (['trash'] as const) : (ordered[field] ?? []);
  const by = fitting.find((name) => {
    const choice = filters[name];
    if (name === 'team') return choice === 'one' || choice === 'none';
    if (name === 'trash' || isRange(name)) return choice !== undefined;
    return choice === 'one' || choice === true;
  });
  return by === undefined ? null : { by, how: 'order' };
}

/**
 * Decides how a list reaches its tasks. If one index has the only filter and the order, the list walks through it as far as the page.
 * Otherwise it reads all tasks that pass a filter, if they are few, or walks through the tasks in the order of the list. The databases
 * cannot decide this, because they plan without knowing the values.
 */
async function findWay(db: ReadDoor, filters: Filters, sort: ListShape['sort'], values: FilterValues) {
  const given = filterNames.filter((name) => filters[name] !== undefined);
  const way = inOrderOf(filters, sort);
  // The trash is walked through in its own order only. In any other order all of it is read.
  const isWalked = way && (!filters.trash || sort.endsWith('createdAt'));
  const names = isWalked && given.length === 1 ? [] : given.filter((name) => isIndexed(name, filters));
  if (names.length === 0) return way;
  const [found = {}] = await db.run(probeStatement({ filters, names }), values);
  const fewest = names.reduce((one, other) => ((found[other] ?? 0) < (found[one] ?? 0) ? other : one));
  return (found[fewest] ?? 0) < mostSorted ? ({ by: fewest, how: 'ids' } as const) : way;
}

/** Whether a cursor is of the order of hits. A rank is a small number, and an instant is not. So all pages keep the order of the first. */
const isRank = (value: unknown): boolean => typeof value === 'number' && value <= rankedTerms;

/** Counts the tasks of a list among the first 10,000 rows that it reads. `totalExact` says whether these were all. */
async function countTasks(db: ReadDoor, shape: RowShape, isBroad: boolean, values: ListValues) {
  const isFew = shape.way?.how === 'ids';
  // Of a search with too many hits, the newest ones are counted.
  const isPart = isBroad && !isFew;
  const search = isPart ? 'hits' : shape.search;
  const walked =
    shape.way ??
    inOrderOf(shape.filters, 'createdAt') ??
    inOrderOf(shape.filters, 'dueDate') ??
    inOrderOf(shape.filters, 'updatedAt');
  // Hits are reached by their ids, so all filters are checked: a way would leave one out.
  const counted: RowShape = { ...shape, search, way: search === 'hits' ? null : walked };
  const [{ visited, total } = { visited: 0, total: 0 }] = await db.run(countStatement(counted), values);
  return { total: Math.min(total, mostCounted), totalExact: !isPart && visited <= mostCounted };
}

/** A page of the tasks that the caller may see (D4). */
export async function listTasks(ctx: ServiceContext, input: TaskListInput): Promise<TaskPage> {
  authorize(ctx, 'task:read');
  if (input.deleted) requirePermission(ctx, 'task:delete');
  const terms = input.search === undefined ? null : searchWords(input.search);
  const byHits = input.sort === undefined && terms !== null && terms.length > 0;
  const sort = byHits ? 'hits' : (input.sort ?? '-createdAt');
  const request = pageRequest(ctx, 'tasks', sort, input);
  const filters = filtersOf(ctx.principal, input);
  const { principal } = ctx;
  const names = await namesIn(ctx);
  return read(ctx, async (db) => {
    const departmentTeams = input.department ? await teamIdsWithin(db, input.department) : [];
    const found = terms && (await searchFor(db, terms));
    if (terms && !found) return { data: [], nextCursor: null, ...(input.total && { total: 0, totalExact: true }) };
    const values: ListValues = {
      ...valuesOf(ctx, principal, input, departmentTeams),
      query: found?.query ?? '',
      mostRead: mostCounted + 1,
      ...Object.fromEntries((terms ?? []).map((term, index) => [wordName(index), wordStart(term)])),
      ...pageValues(request),
    };
    const isBroad = found?.isBroad ?? false;
    const isRanked = byHits && (request.after === null ? !isBroad : isRank(request.after[0]));
    const search: SearchWay | null = found && (isRanked || !isBroad ? 'hits' : 'check');
    const sorted = byHits && !isRanked ? '-createdAt' : sort;
    const way = search === 'hits' ? null : await findWay(db, filters, sorted, values);
    const shape: RowShape = { filters, way, search, checkHits: found?.checkHits ?? false, words: terms?.length ?? 0 };
    const rows = await db.run(listStatement({ ...shape, sort: sorted, start: startOf(request) }), values);
    const page = cutPage(rows, request);
    const data = await including(taskIncludeReaders, db, await tasksOf(db, names, page.rows), input.include);
    const count = input.total ? await countTasks(db, shape, isBroad, values) : {};
    return { data, nextCursor: page.nextCursor, ...count };
  });
}
