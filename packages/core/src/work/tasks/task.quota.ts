import { sql, type SqlBool } from 'kysely';
import { current, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { limitExceeded, limitOf, readLimit } from '../../tenancy/index.ts';

/*
 * How many tasks an organization may have (C10). The tasks outside the trash are counted in a row beside the counter of task
 * numbers, in the transaction of the change. So the count is exact at the limit and under concurrency, and costs one row. The row
 * stays locked until commit, so it is written last.
 */

/** The counter of task numbers. It only rises. */
const numbers = 'task';
/** The counter of tasks outside the trash. */
const living = 'living tasks';

/** Takes the next numbers and the quota of some tasks in one statement. It returns one row instead of two when the quota is used up. */
const take = statement((db, { tasks }: { tasks: number }) => {
  const max = db.selectFrom('organizations').select(limitOf('tasks').as('max')).where('id', '=', current.organization);
  return db
    .insertInto('counters')
    .values([
      { organization_id: current.organization, name: numbers, value: tasks },
      { organization_id: current.organization, name: living, value: tasks },
    ])
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'name'])
        .doUpdateSet({ value: sql<number>`counters.value + ${tasks}` })
        .where(sql<SqlBool>`counters.name = ${sql.lit(numbers)} or counters.value + ${tasks} <= (${max})`),
    )
    .returning(['name', 'value']);
});

/** @throws `limit_exceeded` */
async function refuse(unit: Unit): Promise<never> {
  throw limitExceeded('tasks', await readLimit(unit.db, unit.owner.organizationId, 'tasks'));
}

/**
 * Takes the quota and the numbers of new tasks. Pass the result to `numbersTaken`.
 * @param tasks how many. @default 1
 */
export const takeQuotaAndNumber = (unit: Unit, tasks = 1) => unit.db.run(take, { tasks });

const setCounters = statement((db, { number, count }: { number: number; count: number }) =>
  db
    .updateTable('counters')
    .set({
      value: sql<number>`case name when ${sql.lit(numbers)} then cast(${number} as integer) else cast(${count} as integer) end`,
    })
    .where('name', 'in', [sql.lit(numbers), sql.lit(living)]),
);

async function readLiving(unit: Unit): Promise<number> {
  const counter = await unit.db.selectFrom('counters').select('value').where('name', '=', living).executeTakeFirst();
  return counter?.value ?? 0;
}

/** The numbers that new tasks get, from the first one on. */
interface TaskNumbers {
  first: number;
  count: number;
  /** The limit, when fewer tasks may be created than were wanted. */
  max: number | null;
}

/**
 * Returns the numbers of new tasks. Gives back what was taken for tasks that were refused meanwhile, or that the limit does not allow.
 * @param taken for how many tasks the counters were raised
 * @param wanted how many tasks are to be created
 */
export async function numbersTaken(
  unit: Unit,
  rows: Awaited<ReturnType<typeof takeQuotaAndNumber>>,
  taken = 1,
  wanted = taken,
): Promise<TaskNumbers> {
  const valueOf = (name: string) => rows.find((row) => row.name === name)?.value;
  const first = (valueOf(numbers) ?? 0) - taken + 1;
  const counted = valueOf(living);
  // The statement compares with the limit what is added to a counter, and not what a new counter begins with.
  const isFirst = counted === taken && taken > 1;
  if (counted !== undefined && !isFirst && wanted === taken) return { first, count: wanted, max: null };
  const max = await readLimit(unit.db, unit.owner.organizationId, 'tasks');
  const others = counted === undefined ? await readLiving(unit) : counted - taken;
  const count = Math.max(0, Math.min(wanted, max - others));
  // Both counters are locked since they were raised.
  await unit.db.run(setCounters, { number: first - 1 + count, count: others + count });
  return { first, count, max: count < wanted ? max : null };
}

/**
 * Throws unless there is quota for so many more tasks. It takes none of it.
 * @throws `limit_exceeded`
 */
export async function requireQuota(unit: Unit, tasks: number): Promise<void> {
  const max = await readLimit(unit.db, unit.owner.organizationId, 'tasks');
  if ((await readLiving(unit)) + tasks > max) await refuse(unit);
}

/**
 * Takes the quota of tasks that come back from the trash.
 * @throws `limit_exceeded`
 */
export async function takeQuota(unit: Unit, tasks: number): Promise<void> {
  const max = await readLimit(unit.db, unit.owner.organizationId, 'tasks');
  const { numUpdatedRows } = await unit.db
    .updateTable('counters')
    .set({ value: sql<number>`value + ${tasks}` })
    .where('name', '=', living)
    .where(sql<SqlBool>`value + ${tasks} <= ${max}`)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await refuse(unit);
}

/** Releases the quota of tasks that were deleted or moved to the trash. */
export async function releaseQuota(unit: Unit, tasks: number): Promise<void> {
  if (tasks === 0) return;
  await unit.db
    .updateTable('counters')
    .set({ value: sql<number>`value - ${tasks}` })
    .where('name', '=', living)
    .execute();
}
