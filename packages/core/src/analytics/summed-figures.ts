import { type Expression, type Kysely, type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../database/engine.ts';
import type { Tables } from '../database/schema.ts';
import { anyOf, checked } from '../database/sql.ts';
import { statementFamily } from '../database/statement.ts';
import type { Choice } from '../kernel/choice.ts';
import { isAmongShutProjects, taskPriorities, taskStatuses } from '../work/index.ts';
import { figures, parts } from './task-figure.entity.ts';
import { isAmong, type StatusFigures, type TaskFigures } from './task-figures.ts';

/*
 * The figures that are read from sums: those of the whole organization, of teams, of projects, and of teams within projects. One statement
 * adds what has changed since the last fold, so they are exact at every moment. Days and hours of which only a part counts are read from
 * the tasks.
 */

/** What the SQL depends on beside values. */
export interface SumShape {
  /** Whether only the tasks of some teams count, or only those in none, or both of these. Null when all tasks count. */
  teams: Choice | null;
  /** The same for projects. */
  projects: Choice | null;
  /** Whether there may be private projects that the caller does not see into. */
  shut: boolean;
}

export interface SumValues extends Readonly<Record<string, unknown>> {
  /** The teams whose tasks count, with the max id for tasks in no team, or the nil id for all tasks. */
  teams: readonly string[];
  /** The same for projects. */
  projects: readonly string[];
  now: Date;
  /** The beginning of the present UTC day, and its number since 1970. */
  midnight: Date;
  today: number;
  weekAgo: Date;
  /** The end of the UTC hour in which the last 168 hours began, and the number of this hour since 1970. */
  weekHourEnd: Date;
  weekHour: number;
}

type Condition = Expression<SqlBool>;

/** How a figure is made of rows of sums, and of rows of changes. */
interface Made {
  stored: RawBuilder<SqlBool>;
  changed: RawBuilder<SqlBool>;
  /** What a change adds. @default its sign */
  amount?: RawBuilder<number>;
}

const isPart = (part: number) => sql<SqlBool>`figure = ${sql.lit(figures.tasks)} and part = ${sql.lit(part)}`;

/** The number of tasks with each of some values, by the rank of the value. */
const byRank = (values: readonly string[], first: number, column: string): Record<string, Made> =>
  Object.fromEntries(
    values.map((value, rank): [string, Made] => [
      value,
      { stored: isPart(first + rank), changed: sql`${sql.ref(column)} = ${sql.lit(rank)}` },
    ]),
  );

const ofStatuses = byRank(taskStatuses, parts.status, 'status_rank');

const allFigures = ({ today, weekHour }: SumValues): Record<string, Made> => ({
  ...ofStatuses,
  ...byRank(taskPriorities, parts.priority, 'priority_rank'),
  measured: { stored: isPart(parts.measured), changed: sql`spent is not null` },
  spent: { stored: isPart(parts.spent), changed: sql`spent is not null`, amount: sql`sign * spent` },
  overdue: { stored: sql`figure = ${sql.lit(figures.due)}`, changed: sql`due_day < ${today}` },
  completedThisWeek: {
    stored: sql`figure = ${sql.lit(figures.completed)}`,
    changed: sql`completed_hour > ${weekHour}`,
  },
});

/** One statement with sums of some shape. */
interface Summing {
  db: Kysely<Tables>;
  values: SumValues;
  dialect: Dialect;
  shape: SumShape;
}

/** The conditions of tasks, or of changes, that count. */
function inPlaces({ values, dialect, shape }: Summing, table: 'tasks' | 'task_figure_changes'): Condition[] {
  return [
    ...(shape.teams ? [isAmong(dialect, `${table}.team_id`, shape.teams, values.teams)] : []),
    ...(shape.projects ? [isAmong(dialect, `${table}.project_id`, shape.projects, values.projects)] : []),
  ];
}

/** The sums of one kind in the places that count. Those of the private projects that the caller does not see into are subtracted. */
function sumsOf({ db, values, dialect, shape }: Summing, figure: number, range?: Condition) {
  const rows = db
    .selectFrom('task_figures')
    .select(['figure', 'part'])
    .where('figure', '=', sql.lit(figure))
    .where(anyOf(dialect, 'task_figures.team_id', values.teams))
    .$if(range !== undefined, (some) => some.where(range ?? sql<SqlBool>`true`));
  const isShut = isAmongShutProjects(dialect, 'task_figures.project_id');
  const counted = rows
    .select('value')
    .where(anyOf(dialect, 'task_figures.project_id', values.projects))
    .$if(shape.shut && shape.projects !== null, (some) => some.where(sql<SqlBool>`not ${isShut}`));
  if (!shape.shut || shape.projects !== null) return counted;
  return counted.unionAll(rows.select(sql<number>`-value`.as('value')).where(isShut));
}

const total = (name: string, value: RawBuilder<number>, condition: Condition) =>
  sql<number>`coalesce(sum(${value}) filter (where ${condition}), 0)`.as(name);

/** Adds up sums and changes. One row. */
function summed(summing: Summing, made: Readonly<Record<string, Made>>, sums: ReturnType<typeof sumsOf>) {
  const { db, dialect, shape } = summing;
  const entries = Object.entries(made);
  const stored = db
    .selectFrom(sums.as('sums'))
    .select(entries.map(([name, { stored: condition }]) => total(name, sql<number>`value`, condition)));
  const isShut = isAmongShutProjects(dialect, 'task_figure_changes.project_id');
  const changed = inPlaces(summing, 'task_figure_changes')
    .reduce((some, condition) => some.where(condition), db.selectFrom('task_figure_changes'))
    .$if(shape.shut, (some) => some.where(sql<SqlBool>`${isShut} is not true`))
    .select(
      entries.map(([name, { changed: condition, amount = sql<number>`sign` }]) => total(name, amount, condition)),
    );
  return db.selectFrom(stored.as('stored')).crossJoin(changed.as('changed'));
}

/** Adds a figure of the sums, that of the changes, and perhaps a number of tasks. */
const sumOf = (name: string, tasks?: Expression<unknown>) => {
  const [stored, changed] = [sql.ref(`stored.${name}`), sql.ref(`changed.${name}`)];
  return (tasks ? sql<number>`${stored} + ${changed} + (${tasks})` : sql<number>`${stored} + ${changed}`).as(name);
};

/** Counts tasks between two instants. The door leaves out those that the caller does not see. */
function countTasks(summing: Summing, column: 'due_date' | 'completed_at', from: Date, until: Date) {
  const { db } = summing;
  return inPlaces(summing, 'tasks')
    .reduce(
      // By an index of the teams or projects, all their tasks would be read.
      (some, condition) => some.where(checked(condition)),
      db.selectFrom('tasks').where('tasks.deleted_at', 'is', null),
    )
    .where(sql<SqlBool>`${sql.ref(`tasks.${column}`)} >= ${from} and ${sql.ref(`tasks.${column}`)} < ${until}`)
    .$if(column === 'due_date', (some) => some.where(sql<SqlBool>`tasks.status_rank < 3`))
    .select(sql<number>`count(*)`.as('count'));
}

/** The figures of the tasks in some places. */
export const summedFigures = statementFamily<SumShape, SumValues, TaskFigures>((db, values, dialect, shape) => {
  const summing: Summing = { db, values, dialect, shape };
  const { overdue: _overdue, completedThisWeek: _completed, ...made } = allFigures(values);
  const sums = sumsOf(summing, figures.tasks)
    .unionAll(sumsOf(summing, figures.due, sql`part < ${values.today}`))
    .unionAll(sumsOf(summing, figures.completed, sql`part > ${values.weekHour}`));
  return summed(summing, allFigures(values), sums).select([
    ...Object.keys(made).map((name) => sumOf(name)),
    sumOf('overdue', countTasks(summing, 'due_date', values.midnight, values.now)),
    sumOf('completedThisWeek', countTasks(summing, 'completed_at', values.weekAgo, values.weekHourEnd)),
  ]) as never;
});

/** How many of the tasks in some places have each status. */
export const summedCounts = statementFamily<SumShape, SumValues, StatusFigures>((db, values, dialect, shape) => {
  const summing: Summing = { db, values, dialect, shape };
  const { archived: _archived, ...made } = ofStatuses;
  return summed(summing, made, sumsOf(summing, figures.tasks)).select(
    Object.keys(made).map((name) => sumOf(name)),
  ) as never;
});
