import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../database/engine.ts';
import type { Tables } from '../database/schema.ts';
import { anyOf, checked, finds } from '../database/sql.ts';
import { current, statementFamily } from '../database/statement.ts';
import { asId } from '../database/typed-value.ts';
import type { Choice } from '../kernel/choice.ts';
import { taskPriorities, type TaskPriority, type TaskStatus, taskStatuses } from '../work/index.ts';

/*
 * The figures that are read from the tasks, because `summed-figures.ts` has no sums for them: those of people and of periods, and of tasks in
 * no team or project. Tasks that a filter or the caller's visibility leaves over are found by an index and read one by one. The figures of a
 * whole organization in a period are counted in indexes alone, because reading all its tasks would take ten times as long.
 */

/** What the SQL of figures depends on beside values. */
export interface FigureShape {
  /** By which places the caller sees tasks. Null when they see all, or by something else. */
  visible: 'teams' | 'projects' | null;
  project: Choice | null;
  team: Choice | null;
  assignee: boolean;
  createdAfter: boolean;
  createdBefore: boolean;
}

export interface FigureValues extends Readonly<Record<string, unknown>> {
  /** The teams or the projects whose tasks the caller sees. */
  places: readonly string[];
  project: string;
  projects: readonly string[];
  team: string;
  teams: readonly string[];
  assignees: readonly string[];
  createdAfter: Date;
  createdBefore: Date;
  now: Date;
  weekAgo: Date;
}

type Rows = SelectQueryBuilder<Tables, 'tasks', object>;
type Condition = RawBuilder<SqlBool>;
type Counts<Name extends string> = Readonly<Record<Name, number>>;

const isOf = (status: TaskStatus): Condition => sql`tasks.status_rank = ${sql.lit(taskStatuses.indexOf(status))}`;

/** The conditions of tasks that are counted by status. */
const ofStatuses = Object.fromEntries(taskStatuses.map((status) => [status, isOf(status)]));

/** The same by priority. */
const ofPriorities = Object.fromEntries(
  taskPriorities.map((priority, rank): [string, Condition] => [priority, sql`tasks.priority_rank = ${sql.lit(rank)}`]),
);

/** A part of it is literal, so that the databases recognize the index of overdue tasks. */
const isOverdue = (now: Date): Condition => sql`tasks.status_rank < 3 and tasks.due_date < ${now}`;

const count = (name: string, condition: Condition) => sql<number>`count(*) filter (where ${condition})`.as(name);

const sum = <Name extends string>(name: Name, column: string, condition: Condition) =>
  sql<number>`coalesce(sum(${sql.ref(column)}) filter (where ${condition}), 0)`.as(name);

const isOfThisWeek = ({ weekAgo }: FigureValues): Condition => sql`tasks.completed_at >= ${weekAgo}`;

/** What is known of completed tasks alone. Hours are hundredths. */
const completions = (values: FigureValues) => [
  count('completedThisWeek', isOfThisWeek(values)),
  count('measured', sql`${isOf('done')} and tasks.actual_hours is not null`),
  sum('spent', 'tasks.actual_hours', isOf('done')),
];

const livingTasks = (db: Kysely<Tables>): Rows => db.selectFrom('tasks').where('tasks.deleted_at', 'is', null);

const under = (tasks: Rows, conditions: readonly Condition[]): Rows =>
  conditions.reduce((rows, condition) => rows.where(condition), tasks);

/** @param column when a task was created. Links to tasks repeat it */
const createdInPeriod = (
  values: FigureValues,
  { createdAfter, createdBefore }: FigureShape,
  column = sql.ref('tasks.created_at'),
): Condition[] => [
  ...(createdAfter ? [sql<SqlBool>`${column} >= ${values.createdAfter}`] : []),
  ...(createdBefore ? [sql<SqlBool>`${column} <= ${values.createdBefore}`] : []),
];

/** The tasks outside the trash that were created in the period. */
const tasksOf = (db: Kysely<Tables>, values: FigureValues, shape: FigureShape): Rows =>
  under(livingTasks(db), createdInPeriod(values, shape));

/** The same, when another index than that of the creation has to be read: the condition cannot be looked up in one. */
const checkedTasksOf = (db: Kysely<Tables>, values: FigureValues, shape: FigureShape): Rows =>
  under(
    livingTasks(db),
    createdInPeriod(values, shape).map((condition): Condition => sql`(${condition}) is true`),
  );

/** The condition that something is in one of some places, or in none, or either. */
export function isAmong(dialect: Dialect, column: string, choice: Choice, places: readonly string[]): Condition {
  const isNone: Condition = sql`${sql.ref(column)} is null`;
  if (choice === 'none') return isNone;
  const isInOne = anyOf(dialect, column, places);
  return choice === 'both' ? sql`(${isInOne} or ${isNone})` : isInOne;
}

/**
 * The same for tasks that are found by the condition. For one place it avoids `=`, with which PostgreSQL expects as many tasks
 * as an average place has, and may read all tasks instead.
 */
function isIn(dialect: Dialect, column: string, choice: Choice, one: string, many: readonly string[]): Condition {
  const place = sql.ref(column);
  if (choice !== 'one') return isAmong(dialect, column, choice, many);
  return sql`(${place} >= ${asId(one)} and ${place} <= ${asId(one)})`;
}

/** Those of them that pass the other filters. */
function filtered(db: Kysely<Tables>, values: FigureValues, dialect: Dialect, shape: FigureShape): Rows {
  const conditions: Condition[] = [];
  if (shape.visible) {
    const place = shape.visible === 'teams' ? 'tasks.team_id' : 'tasks.project_id';
    conditions.push(anyOf(dialect, place, values.places));
  }
  if (shape.project) conditions.push(isIn(dialect, 'tasks.project_id', shape.project, values.project, values.projects));
  if (shape.team) conditions.push(isIn(dialect, 'tasks.team_id', shape.team, values.team, values.teams));
  if (shape.assignee) {
    const isAssigned = anyOf(dialect, 'task_assignees.user_id', values.assignees);
    const assigned = db.selectFrom('task_assignees').select('task_assignees.task_id').where(isAssigned);
    conditions.push(sql`tasks.id in (${assigned})`);
  }
  return under(tasksOf(db, values, shape), conditions);
}

/** The number of tasks under each condition, each counted in an index of its own. */
const countedApart = (tasks: Rows, conditions: Readonly<Record<string, Condition>>) =>
  Object.entries(conditions).map(([name, condition]) =>
    sql<number>`(${tasks.where(condition).select(sql<number>`count(*)`.as('count'))})`.as(name),
  );

/** The same, counted while the tasks are read once. */
const countedTogether = (conditions: Readonly<Record<string, Condition>>) =>
  Object.entries(conditions).map(([name, condition]) => count(name, condition));

export type TaskFigures = Counts<TaskStatus | TaskPriority | 'overdue' | 'completedThisWeek' | 'measured' | 'spent'>;

/** The figures of the tasks that some filters leave. */
export const filteredFigures = statementFamily<FigureShape, FigureValues, TaskFigures>(
  (db, values, dialect, shape) =>
    filtered(db, values, dialect, shape).select([
      ...countedTogether({ ...ofStatuses, ...ofPriorities, overdue: isOverdue(values.now) }),
      ...completions(values),
    ]) as never,
);

/** The same of the whole organization in a period. */
export const wholeFigures = statementFamily<FigureShape, FigureValues, TaskFigures>((db, values, _dialect, shape) => {
  const tasks = tasksOf(db, values, shape);
  // Only done and archived tasks have been completed.
  const done = tasks
    .where(isOf('done'))
    .select([
      count('doneThisWeek', isOfThisWeek(values)),
      sql<number>`count(tasks.actual_hours)`.as('measured'),
      sql<number>`coalesce(sum(tasks.actual_hours), 0)`.as('spent'),
    ]);
  const archived = tasks
    .where(isOf('archived'))
    .where(isOfThisWeek(values))
    .select(sql<number>`count(*)`.as('count'));
  return db
    .selectFrom(done.as('finished'))
    .select([
      'finished.measured',
      'finished.spent',
      sql<number>`"doneThisWeek" + (${archived})`.as('completedThisWeek'),
    ])
    .select([
      ...countedApart(tasks, { ...ofStatuses, ...ofPriorities }),
      ...countedApart(checkedTasksOf(db, values, shape), { overdue: isOverdue(values.now) }),
    ]) as never;
});

type OpenStatus = Exclude<TaskStatus, 'archived'>;

export type StatusFigures = Counts<OpenStatus>;

const { archived: _archived, ...ofOpenStatuses } = ofStatuses;

/** How many of the tasks that some filters leave have each status. */
export const filteredCounts = statementFamily<FigureShape, FigureValues, StatusFigures>(
  (db, values, dialect, shape) => filtered(db, values, dialect, shape).select(countedTogether(ofOpenStatuses)) as never,
);

/** The same of the whole organization in a period. */
export const wholeCounts = statementFamily<FigureShape, FigureValues, StatusFigures>(
  (db, values, _dialect, shape) => db.selectNoFrom(countedApart(tasksOf(db, values, shape), ofOpenStatuses)) as never,
);

/** The same of the caller's tasks, with the hundredths of hours that completed tasks were estimated at and took. */
export const ownCounts = statementFamily<FigureShape, FigureValues, Counts<OpenStatus | 'estimated' | 'spent'>>(
  (db, values, dialect, shape) => {
    const links = db.selectFrom('task_assignees').select('task_assignees.task_id');
    const isMe: Condition = sql`task_assignees.user_id = ${asId(current.user)}`;
    const period = createdInPeriod(values, shape, sql.ref('task_assignees.created_at'));
    const isFiltered = shape.project !== null || shape.team !== null || shape.assignee;
    // The databases cannot know whether the caller or the filter has fewer tasks. A filter costs as much in the figures of everybody.
    const isMine: Condition = isFiltered
      ? finds(links.where('task_assignees.task_id', '=', sql.ref<string>('tasks.id')).where(checked(isMe)))
      : sql`tasks.id in (${period.reduce((some, condition) => some.where(condition), links.where(isMe))})`;
    const isMeasured = sql<SqlBool>`${isOf('done')} and tasks.estimated_hours is not null and tasks.actual_hours > 0`;
    return filtered(db, values, dialect, shape)
      .where(isMine)
      .select([
        ...countedTogether(ofOpenStatuses),
        sum('estimated', 'tasks.estimated_hours', isMeasured),
        sum('spent', 'tasks.actual_hours', isMeasured),
      ]) as never;
  },
);
