import { type Expression, type Kysely, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { Tables } from '../../database/schema.ts';
import { anyOf, checked } from '../../database/sql.ts';
import {
  anyRank,
  conditions,
  type FilterName,
  filterNames,
  type Filters,
  type FilterValues,
  inPlace,
  isLink,
  isOpenDependency,
  linkFilters,
  linkValues,
  type Where,
} from './task.filters.ts';

/** Where a filter by values finds its tasks: in a column of the tasks or of their links. An index begins with that column. */
interface Listed {
  table: 'tasks' | 'task_assignees' | 'task_tags';
  column: string;
  type: 'uuid' | 'smallint';
  values: keyof FilterValues;
}

const listed: Partial<Record<FilterName, Listed>> = {
  status: { table: 'tasks', column: 'tasks.status_rank', type: 'smallint', values: 'statuses' },
  priority: { table: 'tasks', column: 'tasks.priority_rank', type: 'smallint', values: 'priorities' },
  createdBy: { table: 'tasks', column: 'tasks.created_by_id', type: 'uuid', values: 'creators' },
  team: { table: 'tasks', column: 'tasks.team_id', type: 'uuid', values: 'teams' },
  parent: { table: 'tasks', column: 'tasks.parent_id', type: 'uuid', values: 'parents' },
  project: { table: 'tasks', column: 'tasks.project_id', type: 'uuid', values: 'projects' },
  department: { table: 'tasks', column: 'tasks.team_id', type: 'uuid', values: 'departmentTeams' },
  assignee: { ...linkFilters.assignee, type: 'uuid', values: linkValues.assignee },
  tag: { ...linkFilters.tag, type: 'uuid', values: linkValues.tag },
};
const assignedToCaller: Listed = { ...linkFilters.assignee, type: 'uuid', values: 'self' };
const inTeams: Listed = { table: 'tasks', column: 'tasks.team_id', type: 'uuid', values: 'places' };
const inProjects: Listed = { ...inTeams, column: 'tasks.project_id' };
const visible = { own: assignedToCaller, teams: inTeams, projects: inProjects, mixed: undefined };

const listedOf = (name: FilterName, filters: Filters): Listed | undefined => {
  if (filters[name] === 'none') return undefined;
  if (name === 'visible') return visible[filters.visible ?? 'mixed'];
  return listed[name];
};

/** Whether the tasks that pass a filter can be read from an index, together with the other filters. */
export function isIndexed(name: FilterName, filters: Filters): boolean {
  const choice = filters[name];
  if (choice === undefined || choice === 'both' || choice === 'mixed' || choice === false) return false;
  if (name === 'visible' || isLink(name)) return true;
  // The walls leave out tasks that the caller does not see, so a read by another filter could walk through all tasks.
  if (filters.visible) return (name === 'parent' || name === 'project') && choice !== 'none';
  if (filters.trash) return name === 'trash';
  // The indexes of these columns leave out tasks without a value.
  return (name !== 'parent' && name !== 'project') || choice !== 'none';
}

/**
 * The condition that a column has a value, for an index that begins with the column. It avoids `=`: with it PostgreSQL knows that the
 * column needs no order. If values are frequent on average, it then walks through all tasks in the order of the list instead.
 */
const within = (column: string, value: unknown) =>
  sql<SqlBool>`(${sql.ref(column)} >= ${value} and ${sql.ref(column)} <= ${value})`;

/** The column with which the order must begin, and its value, so that PostgreSQL walks through the index of a filter in order. */
export function prefixOf(
  { filters, way }: { filters: Filters; way: Way | null },
  values: FilterValues,
  dialect: Dialect,
): { column: string; value: unknown } | null {
  const from = way?.how === 'order' && filters[way.by] === 'one' ? listed[way.by] : undefined;
  if (!way || dialect === 'sqlite' || from?.table !== 'tasks') return null;
  return { column: from.column, value: values[way.by] };
}

/** The columns of the indexes by which filters find their tasks, where that is not the instant of creation. */
export const orderColumns: Partial<Record<FilterName, 'tasks.due_date' | 'tasks.updated_at'>> = {
  due: 'tasks.due_date',
  overdue: 'tasks.due_date',
  updated: 'tasks.updated_at',
};

/** States the type of a query whose tables were chosen at run time, which Kysely's types cannot follow. All of them join `tasks`, or select its ids. */
export const ofTasks = <Row = object>(query: unknown): SelectQueryBuilder<Tables, 'tasks', Row> =>
  query as SelectQueryBuilder<Tables, 'tasks', Row>;

/** Selects the ids of some tasks. */
export type Source = SelectQueryBuilder<Tables, 'tasks', { id: string }>;

/** Selects the ids of the tasks that the caller watches or has muted: as their creator, as an assignee, or by a row of their own. */
function watchingSource(
  db: Kysely<Tables>,
  values: FilterValues,
  dialect: Dialect,
  filters: Filters,
  most: number,
): Source {
  const own = { ...values, assignees: values.self, creators: values.self };
  const given: Filters = { trash: filters.trash, assignee: 'many', createdBy: 'many' };
  const rows = db
    .selectFrom('task_watchers')
    .select('task_watchers.task_id as id')
    .where('task_watchers.user_id', '=', values.userId)
    .orderBy('task_watchers.task_id')
    .limit(sql.lit(most));
  const part = (ids: unknown) => db.selectFrom(ofTasks<{ id: string }>(ids).as('part')).select('part.id');
  return ofTasks<{ id: string }>(
    part(sourceOf(db, 'createdBy', own, dialect, given, most))
      .unionAll(part(sourceOf(db, 'assignee', own, dialect, given, most)))
      .unionAll(part(rows)),
  );
}

/**
 * Selects the ids of the tasks that pass a filter, and perhaps of some others, from an index. PostgreSQL plans for a value of average
 * frequency, and would look for a rare one in the whole table. The order of the index prevents that.
 * @param most how many ids are selected at most; on PostgreSQL for each value of the filter
 */
export function sourceOf(
  db: Kysely<Tables>,
  name: FilterName,
  values: FilterValues,
  dialect: Dialect,
  filters: Filters,
  most: number,
): Source {
  // These blockers may be some that the caller does not see, so the list checks them.
  if (name === 'blocked')
    return ofTasks<{ id: string }>(
      db
        .selectFrom('task_dependencies')
        .select('task_dependencies.task_id as id')
        .where(isOpenDependency())
        .orderBy('task_dependencies.task_id')
        .limit(sql.lit(most)),
    );
  // Any row of the caller among the watchers counts here. Whether it is muted, the list checks.
  if (name === 'watching') return watchingSource(db, values, dialect, filters, most);
  const from = listedOf(name, filters);
  if (!from) {
    const order = orderColumns[name] ?? 'tasks.created_at';
    return db
      .selectFrom('tasks')
      .select('tasks.id')
      .where((where) =>
        where.and([inPlace(where, filters), conditions[name as 'due'](where, values, dialect, filters)]),
      )
      .orderBy(order)
      .limit(sql.lit(most));
  }
  const isTask = from.table === 'tasks';
  // Kysely knows tables by the types of their names, but this table is chosen at run time.
  let some = db
    .selectFrom(from.table as 'tasks')
    .select(sql.ref<string>(isTask ? 'tasks.id' : `${from.table}.task_id`).as('id'));
  if (isTask) some = some.where((where) => inPlace(where, filters));
  some = some.limit(sql.lit(most));
  const given = values[from.values] as readonly string[];
  if (dialect === 'sqlite')
    return some.where(from.type === 'uuid' ? anyOf(dialect, from.column, given) : anyRank(dialect, from.column, given));
  const few = some
    .where(within(from.column, sql`given.value`))
    .orderBy(sql.ref(from.column))
    .orderBy(sql.ref(`${from.table}.created_at`))
    .as('few');
  return ofTasks(
    db
      .selectFrom(sql`unnest(${given}::${sql.raw(from.type)}[])`.as(sql`given(value)`))
      .innerJoinLateral(few, (join) => join.onTrue())
      .select(sql.ref<string>('few.id').as('id')),
  );
}

/** How a list reaches its tasks by a filter. `order`: by an index in the order of the list. `ids`: all at once, and then it sorts them. */
export interface Way {
  by: FilterName;
  how: 'order' | 'ids';
}

/** The conditions of a list on its tasks. `taken` lead to the tasks by an index, and `checks` are checked row by row. */
export function conditionsOf(
  where: Where,
  { filters, way, search }: { filters: Filters; way: Way | null; search: string | null },
  values: FilterValues,
  dialect: Dialect,
): { taken: Expression<SqlBool>[]; checks: Expression<SqlBool>[] } {
  // A task that is reached by its id needs no index of living tasks. PostgreSQL would use one while it has no statistics of the table.
  const isById = search === 'hits' || way?.how === 'ids' || (way !== null && isLink(way.by));
  const place = inPlace(where, filters);
  const taken: Expression<SqlBool>[] = [isById ? checked(place) : place];
  const checks: Expression<SqlBool>[] = [];
  const prefix = prefixOf({ filters, way }, values, dialect);
  if (prefix) taken.push(within(prefix.column, prefix.value));
  for (const name of filterNames) {
    if (filters[name] === undefined) continue;
    const isWay = way?.by === name;
    if (name === 'visible') continue;
    if (!isWay) checks.push(checked(conditions[name](where, values, dialect, filters)));
    else if (way.how === 'order' && !isLink(name) && !prefix)
      taken.push(conditions[name](where, values, dialect, filters));
    else if (name === 'trash' || name === 'watching' || name === 'blocked')
      checks.push(conditions[name](where, values, dialect, filters));
  }
  return { taken, checks };
}
