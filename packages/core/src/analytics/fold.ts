import { type RawBuilder, sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Dialect } from '../database/engine.ts';
import { useIndexes } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import { inBatches, type JobHandlers, type Schedule } from '../jobs/index.ts';
import { maxId, nilId } from '../kernel/ids.ts';
import { figures, hourOf, parts } from './task-figure.entity.ts';

/** How many changes one transaction folds. */
const batch = 500;
/** How many organizations one query finds. */
const mostFound = 500;
/** How long sums of completed tasks are kept: the 168 hours that figures show, and a day, because the clocks of servers may differ. */
const keptHours = 168 + 24;

/** A change of a task that is not in the sums yet. */
interface Change {
  sign: number;
  teamId: string | null;
  projectId: string | null;
  statusRank: number;
  priorityRank: number;
  spent: number | null;
  dueDay: number | null;
  completedHour: number | null;
}

interface After extends Readonly<Record<string, unknown>> {
  after: string;
}

/** Finds the organizations with rows in a table, in the order of their ids. It looks once into the primary key for each organization. */
const organizationsIn = (tableName: 'task_figures' | 'task_figure_changes') =>
  statement<After, { organizationId: string }>((db, { after }) => {
    const next = (id: RawBuilder<unknown>) =>
      sql`(select organization_id from ${sql.table(tableName)} where organization_id > ${id} order by organization_id limit 1)`;
    const query = sql<{ organizationId: string }>`with recursive found(organization_id) as (
        select ${next(sql`${asId(after)}`)}
        union all
        select ${next(sql`found.organization_id`)} from found where found.organization_id is not null
      )
      select organization_id as "organizationId" from found where organization_id is not null limit ${sql.lit(mostFound)}`;
    return { compile: () => query.compile(db) };
  });

const withChanges = organizationsIn('task_figure_changes');
const withSums = organizationsIn('task_figures');

/** Calls a function with each organization that has rows in a table. */
async function forEach(
  { database }: ServiceContext,
  organizations: typeof withSums,
  work: (organizationId: string) => Promise<unknown>,
): Promise<void> {
  for (let after = nilId; ;) {
    const found = await readThroughSystemDoor(database, (db) => db.run(organizations, { after }));
    for (const { organizationId } of found) await work(organizationId);
    const last = found.at(-1);
    if (!last || found.length < mostFound) return;
    after = last.organizationId;
  }
}

const usingIndexes = statement((db) => db.selectNoFrom(useIndexes.as('setting')));

/** Takes some changes. Another process that takes changes at the same time gets others. */
const takeChanges = statement<{ organizationId: string }, Change>((db, { organizationId }, dialect) => {
  const table = sql`task_figure_changes`;
  const own = sql`${table} where organization_id = ${asId(organizationId)} limit ${sql.lit(batch)}`;
  const some =
    dialect === 'postgresql'
      ? sql`ctid = any(array(select ctid from ${own} for update skip locked))`
      : sql`(organization_id, id) in (select organization_id, id from ${own})`;
  const query = sql<Change>`delete from ${table} where ${some} returning sign, team_id as "teamId",
    project_id as "projectId", status_rank as "statusRank", priority_rank as "priorityRank", spent,
    due_day as "dueDay", completed_hour as "completedHour"`;
  return { compile: () => query.compile(db) };
});

interface Sums extends Readonly<Record<string, unknown>> {
  organizationId: string;
  /** One list for each column. */
  figures: readonly number[];
  teamIds: readonly string[];
  projectIds: readonly string[];
  parts: readonly number[];
  values: readonly number[];
  /** The same in one list, for SQLite. */
  rows: readonly (readonly unknown[])[];
}

/** The key of a sum. */
const key = sql`organization_id, figure, team_id, project_id, part`;

/** Some sums as a table. */
const given = (sums: Sums, dialect: Dialect) =>
  dialect === 'postgresql'
    ? sql`(select ${asId(sums.organizationId)}::uuid as organization_id, * from unnest(${sums.figures}::smallint[],
        ${asId(sums.teamIds)}::uuid[], ${asId(sums.projectIds)}::uuid[], ${sums.parts}::int[], ${sums.values}::float8[])
        as list(figure, team_id, project_id, part, value)) as given`
    : sql`(select ${asId(sums.organizationId)} as organization_id, value ->> 0 as figure, unhex(value ->> 1, '-') as team_id,
        unhex(value ->> 2, '-') as project_id, value ->> 3 as part, value ->> 4 as value
        from json_each(${asId(sums.rows)})) as given`;

const addSums = statement<Sums, never>((db, sums, dialect) => {
  // Without `where`, SQLite would take `on conflict` for the condition of a join.
  const query = sql<never>`insert into task_figures (${key}, value) select ${key}, value from ${given(sums, dialect)}
    where true on conflict (${key}) do update set value = task_figures.value + excluded.value`;
  return { compile: () => query.compile(db) };
});

/** Deletes those of some sums that are 0 now. */
const removeZeros = statement<Sums, never>((db, sums, dialect) => {
  const query = sql<never>`delete from task_figures
    where value = 0 and (${key}) in (select ${key} from ${given(sums, dialect)})`;
  return { compile: () => query.compile(db) };
});

type Amount = readonly [figure: number, part: number, amount: number];

/** What a change adds to the sums of each place that its task is in. */
function amountsOf(change: Change, oldestHour: number): Amount[] {
  const { sign, statusRank, priorityRank, spent, dueDay, completedHour } = change;
  const amounts: Amount[] = [
    [figures.tasks, parts.status + statusRank, sign],
    [figures.tasks, parts.priority + priorityRank, sign],
  ];
  if (spent !== null) amounts.push([figures.tasks, parts.measured, sign], [figures.tasks, parts.spent, sign * spent]);
  if (dueDay !== null) amounts.push([figures.due, dueDay, sign]);
  if (completedHour !== null && completedHour >= oldestHour) amounts.push([figures.completed, completedHour, sign]);
  return amounts;
}

type Sum = [figure: number, teamId: string, projectId: string, part: number, value: number];

/** Adds up changes. All folds return sums in the same order, so that two at once do not wait for each other in turn. */
function sumsOf(organizationId: string, changes: readonly Change[], oldestHour: number): Sums {
  const sums = new Map<string, Sum>();
  for (const change of changes) {
    const amounts = amountsOf(change, oldestHour);
    for (const teamId of [nilId, change.teamId ?? maxId])
      for (const projectId of [nilId, change.projectId ?? maxId])
        for (const [figure, part, amount] of amounts) {
          const name = `${figure} ${teamId} ${projectId} ${part}`;
          const sum = sums.get(name);
          if (sum) sum[4] += amount;
          else sums.set(name, [figure, teamId, projectId, part, amount]);
        }
  }
  const rows = [...sums]
    .filter(([, [, , , , value]]) => value !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sum]) => sum);
  return {
    organizationId,
    figures: rows.map(([figure]) => figure),
    teamIds: rows.map(([, teamId]) => teamId),
    projectIds: rows.map(([, , projectId]) => projectId),
    parts: rows.map(([, , , part]) => part),
    values: rows.map(([, , , , value]) => value),
    rows,
  };
}

/** Returns the first hour whose completed tasks are kept. */
const oldestHourOf = ({ clock }: ServiceContext): number => hourOf(clock.now()) - keptHours;

/** Moves some changes of an organization into its sums, in one transaction. Returns how many they were. */
const foldSome = (ctx: ServiceContext, organizationId: string): Promise<number> =>
  writeThroughSystemDoor(
    ctx,
    async ({ db }) => {
      if (db.dialect === 'postgresql') await db.run(usingIndexes, {});
      const changes = await db.run(takeChanges, { organizationId });
      const sums = sumsOf(organizationId, changes, oldestHourOf(ctx));
      if (sums.rows.length > 0) {
        await db.run(addSums, sums);
        await db.run(removeZeros, sums);
      }
      return changes.length;
    },
    // On SQLite it is an ordinary member of a group of writes.
    false,
  );

/**
 * Moves all changes of tasks into the sums of their organizations.
 * @param isStopping ends it between two transactions. @default never
 * @returns how many changes there were
 */
export async function foldFigures(ctx: ServiceContext, isStopping = () => false): Promise<number> {
  let count = 0;
  await forEach(ctx, withChanges, async (organizationId) => {
    for (let folded = batch; folded === batch && !isStopping(); count += folded)
      folded = await foldSome(ctx, organizationId);
  });
  return count;
}

/** Deletes the sums of completed tasks that no figure shows any more. */
async function purge(ctx: ServiceContext, signal: AbortSignal): Promise<number> {
  const isOld = sql`figure = ${sql.lit(figures.completed)} and part < ${oldestHourOf(ctx)}`;
  let removed = 0;
  await forEach(ctx, withSums, async (organizationId) => {
    const matches = sql`organization_id = ${asId(organizationId)} and ${isOld}`;
    removed += await inBatches(ctx, 'task_figures', matches, { signal });
  });
  return removed;
}

export const figureHandlers: JobHandlers = {
  'task_figures.purge': async (ctx, _payload, { signal }) => ({ removed: await purge(ctx, signal) }),
};

export const figureSchedules: readonly Schedule[] = [
  { name: 'task_figures.purge', cron: '50 1 * * *', kind: 'task_figures.purge' },
];
