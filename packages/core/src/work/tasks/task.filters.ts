import { type Expression, type ExpressionBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { Tables } from '../../database/schema.ts';
import { anyOf, checked, finds } from '../../database/sql.ts';
import { asId } from '../../database/typed-value.ts';
import type { Choice } from '../../kernel/choice.ts';

/*
 * The filters of task lists. Each can be written in two ways: here as a condition on a task, and in task.ways.ts as a source, which
 * selects the ids of the tasks that pass from an index.
 */

/** Which ends of a range of instants a filter was given. Both are inclusive. */
export type Range = 'before' | 'after' | 'between';

/** The filters of a list, as far as the SQL depends on them. */
export interface Filters {
  /** The trash instead of the living tasks. `own`: only what the caller created. */
  trash?: 'own' | 'all' | undefined;
  status?: Choice | undefined;
  priority?: Choice | undefined;
  createdBy?: Choice | undefined;
  team?: Choice | undefined;
  parent?: Choice | undefined;
  project?: Choice | undefined;
  department?: 'many' | undefined;
  due?: Range | undefined;
  created?: Range | undefined;
  updated?: Range | undefined;
  overdue?: boolean | undefined;
  blocked?: boolean | undefined;
  watching?: boolean | undefined;
  assignee?: Choice | undefined;
  tag?: Choice | undefined;
  /**
   * What the caller sees, if not everything: tasks assigned to them, tasks of some teams or of some projects, or several of these. The
   * walls apply it to each query too. Only they leave out what is in private projects.
   */
  visible?: 'own' | 'teams' | 'projects' | 'mixed' | undefined;
}

export type FilterName = keyof Filters;

export const filterNames = [
  'trash',
  'status',
  'priority',
  'createdBy',
  'team',
  'parent',
  'project',
  'department',
  'due',
  'created',
  'updated',
  'overdue',
  'blocked',
  'watching',
  'assignee',
  'tag',
  'visible',
] as const satisfies readonly FilterName[];

/** The values that are bound to the filters. For most filters both the first value and the list of all. */
export interface FilterValues extends Readonly<Record<string, unknown>> {
  userId: string;
  /** The caller alone. */
  self: readonly string[];
  /** The teams or the projects whose tasks the caller sees. */
  places: readonly string[];
  now: Date;
  keptSince: Date;
  /** Statuses and priorities are bound as ranks. */
  status: number;
  statuses: readonly number[];
  priority: number;
  priorities: readonly number[];
  createdBy: string;
  creators: readonly string[];
  team: string;
  teams: readonly string[];
  /** The teams of the departments, and of all below them. */
  departmentTeams: readonly string[];
  parent: string;
  parents: readonly string[];
  project: string;
  projects: readonly string[];
  assignee: string;
  assignees: readonly string[];
  tag: string;
  tags: readonly string[];
  dueBefore: Date;
  dueAfter: Date;
  createdBefore: Date;
  createdAfter: Date;
  updatedBefore: Date;
  updatedAfter: Date;
}

export type Where = ExpressionBuilder<Tables, 'tasks'>;

// Instants go to the database as dates. They come from it as text, so the type of the column is text.
const instant = (value: Date) => value as unknown as string;

/** The condition that a nullable column is among some ids, or null, or either, as the filter has chosen. */
function chosen(
  where: Where,
  dialect: Dialect,
  column: 'tasks.team_id' | 'tasks.parent_id' | 'tasks.project_id',
  choice: Choice,
  one: string,
  many: readonly string[],
): Expression<SqlBool> {
  if (choice === 'one') return where(column, '=', one);
  const isNone = where(column, 'is', null);
  if (choice === 'none') return isNone;
  const isAmong = anyOf(dialect, column, many);
  return choice === 'many' ? isAmong : where.or([isAmong, isNone]);
}

/** The condition that an instant is in a range. */
const inRange = (
  where: Where,
  column: 'tasks.due_date' | 'tasks.created_at' | 'tasks.updated_at',
  range: Range | undefined,
  before: Date,
  after: Date,
): Expression<SqlBool> =>
  where.and([
    ...(range === 'after' ? [] : [where(column, '<=', instant(before))]),
    ...(range === 'before' ? [] : [where(column, '>=', instant(after))]),
  ]);

/** The condition that a rank is among some ranks, which are one parameter. */
export const anyRank = (dialect: Dialect, column: string, ranks: readonly unknown[]) =>
  dialect === 'postgresql'
    ? sql<SqlBool>`${sql.ref(column)} = any(${ranks}::smallint[])`
    : sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${ranks}))`;

/** The rank of the first status of a task that nobody works on any more: `done`, and `archived` behind it. */
export const finishedRank = 3;

/** A part of the condition of the index of overdue tasks. It is literal, so that the databases recognize the index. */
const isUnfinished = () => sql<SqlBool>`tasks.status_rank < ${sql.lit(finishedRank)}`;

/** The condition on a dependency that its blocker is neither finished nor in the trash, as the index of these dependencies has it. */
export const isOpenDependency = () => sql<SqlBool>`task_dependencies.is_open`;

type Condition = (where: Where, values: FilterValues, dialect: Dialect, filters: Filters) => Expression<SqlBool>;

/** Each filter as a condition on a task. What is seen needs none: the walls apply it. */
export const conditions: Record<Exclude<FilterName, 'visible'>, Condition> = {
  trash(where, { keptSince, userId }, _dialect, { trash }) {
    // Older tasks are purged within the hour, so few rows fail this check. It must not decide in which order the trash is read.
    const kept = checked(where('tasks.deleted_at', '>', instant(keptSince)));
    const own = trash === 'own' ? [checked(where('tasks.created_by_id', '=', userId))] : [];
    return where.and([where('tasks.deleted_at', 'is not', null), kept, ...own]);
  },
  status: (where, { status, statuses }, dialect, filters) =>
    filters.status === 'one'
      ? where('tasks.status_rank', '=', status)
      : anyRank(dialect, 'tasks.status_rank', statuses),
  priority: (where, { priority, priorities }, dialect, filters) =>
    filters.priority === 'one'
      ? where('tasks.priority_rank', '=', priority)
      : anyRank(dialect, 'tasks.priority_rank', priorities),
  createdBy: (where, { createdBy, creators }, dialect, filters) =>
    filters.createdBy === 'one'
      ? where('tasks.created_by_id', '=', createdBy)
      : anyOf(dialect, 'tasks.created_by_id', creators),
  team: (where, { team, teams }, dialect, filters) =>
    chosen(where, dialect, 'tasks.team_id', filters.team ?? 'many', team, teams),
  parent: (where, { parent, parents }, dialect, filters) =>
    chosen(where, dialect, 'tasks.parent_id', filters.parent ?? 'many', parent, parents),
  project: (where, { project, projects }, dialect, filters) =>
    chosen(where, dialect, 'tasks.project_id', filters.project ?? 'many', project, projects),
  department: (_where, { departmentTeams }, dialect) => anyOf(dialect, 'tasks.team_id', departmentTeams),
  due: (where, { dueBefore, dueAfter }, _dialect, { due }) =>
    inRange(where, 'tasks.due_date', due, dueBefore, dueAfter),
  created: (where, { createdBefore, createdAfter }, _dialect, { created }) =>
    inRange(where, 'tasks.created_at', created, createdBefore, createdAfter),
  updated: (where, { updatedBefore, updatedAfter }, _dialect, { updated }) =>
    inRange(where, 'tasks.updated_at', updated, updatedBefore, updatedAfter),
  overdue(where, { now }, _dialect, { overdue }) {
    if (overdue) return where.and([where('tasks.due_date', '<', instant(now)), isUnfinished()]);
    const late = [where('tasks.due_date', '>=', instant(now)), where('tasks.due_date', 'is', null)];
    return where.or([...late, sql<SqlBool>`tasks.status_rank >= ${sql.lit(finishedRank)}`]);
  },
  blocked(where, _values, _dialect, { blocked }) {
    const blockers = where
      .selectFrom('task_dependencies')
      .select('task_dependencies.blocker_id')
      .whereRef('task_dependencies.task_id', '=', 'tasks.id')
      .where(isOpenDependency())
      // The walls let this find only a blocker that the caller sees.
      .where((link) =>
        finds(
          link
            .selectFrom('tasks as blocker')
            .select('blocker.id')
            .whereRef('blocker.id', '=', 'task_dependencies.blocker_id'),
        ),
      )
      .limit(1);
    return sql<SqlBool>`(${blockers}) ${sql.raw(blocked ? 'is not null' : 'is null')}`;
  },
  watching(where, { userId }, _dialect, { watching }) {
    const own = (table: 'task_watchers' | 'task_assignees') =>
      where
        .selectFrom(table)
        .where(`${table}.task_id`, '=', sql.ref<string>('tasks.id'))
        // Checked, so that both databases read the people of the task and not all tasks of the person.
        .where((link) => checked(link(`${table}.user_id`, '=', userId)));
    const muted = own('task_watchers').select('task_watchers.muted');
    const assigned = own('task_assignees').select('task_assignees.task_id');
    const isOwn = where('tasks.created_by_id', '=', userId);
    // With a row of their own, that alone counts.
    const watches = sql<boolean>`coalesce(not (${muted}), ${isOwn} or (${assigned}) is not null)`;
    return sql<SqlBool>`${watches} = ${sql.lit(watching ?? true)}`;
  },
  assignee: (...given) => isLinked('assignee', ...given),
  tag: (...given) => isLinked('tag', ...given),
};

/** A table of links that a filter looks into, and its column with what the filter names. Its index has the order of creation. */
export const linkFilters = {
  assignee: { table: 'task_assignees', column: 'task_assignees.user_id' },
  tag: { table: 'task_tags', column: 'task_tags.tag_id' },
} as const;

/** The values that a filter by links was given, under the name of the filter the only one of them. */
export const linkValues = { assignee: 'assignees', tag: 'tags' } as const;

type LinkFilter = keyof typeof linkFilters;

export const isLink = (name: FilterName): name is LinkFilter => name in linkFilters;

/** The condition that a task is linked to one of the values. */
function isLinked(name: LinkFilter, where: Where, values: FilterValues, dialect: Dialect, filters: Filters) {
  const { table, column } = linkFilters[name];
  const isOneOf =
    filters[name] === 'one'
      ? sql<SqlBool>`${sql.ref(column)} = ${asId(values[name])}`
      : anyOf(dialect, column, values[linkValues[name]]);
  const links = where
    // Kysely knows tables by the types of their names, but this table is chosen at run time.
    .selectFrom(table as 'task_tags')
    .select(sql.ref<string>(`${table}.task_id`).as('taskId'))
    .where(sql.ref(`${table}.task_id`), '=', sql.ref('tasks.id'))
    // Checked, so that both databases read the links of the task and not all tasks with this value.
    .where(checked(isOneOf));
  return finds(links);
}

/** The condition that a task is living, or in the trash when the list is of the trash. */
export const inPlace = (where: Where, { trash }: Filters) =>
  trash ? where('tasks.deleted_at', 'is not', null) : where('tasks.deleted_at', 'is', null);
