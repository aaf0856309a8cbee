import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { requestScope } from '../database/scope.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import { inUnit, type Unit } from '../database/unit-of-work.ts';
import type { NewRow } from '../database/writes.ts';
import { DomainError, type ErrorKind } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { type JobPayload, type JobStarter, type JobStep, LeaseLost } from './handler.ts';
import { JobEntity } from './job.entity.ts';
import { failureMessage, retryDelayMs } from './retry.ts';

/** A job that this worker has claimed until its lease ends. */
export interface ClaimedJob {
  readonly id: string;
  readonly organizationId: string | null;
  readonly kind: string;
  readonly payload: JobPayload;
  /** The number of this attempt. After another worker claims the job, this attempt can no longer write to it. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly starter: JobStarter | null;
  /** How many rows its steps have changed in earlier attempts. */
  readonly done: number;
  readonly priority: number;
}

/** The condition for waiting jobs of one priority that are due and that no worker has claimed. */
const due = (now: Date, priority: RawBuilder<unknown>) => sql<SqlBool>`(
  jobs.status = 'waiting' and jobs.priority = ${priority} and jobs.run_at <= ${now}
  and (jobs.leased_until is null or jobs.leased_until <= ${now}))`;

/**
 * The priorities of waiting jobs, the highest first. Each costs one lookup in the index. A scan of the whole index would read all future
 * jobs of one priority before it reaches the due jobs of the next.
 */
const levels = sql`levels(priority) as (
  select max(priority) from jobs where status = 'waiting'
  union all
  select (select max(priority) from jobs where status = 'waiting' and jobs.priority < levels.priority) from levels
  where levels.priority is not null
)`;

interface Due extends Readonly<Record<string, unknown>> {
  kinds: readonly string[];
  now: Date;
}

const dueLevels = statement<Due, { priority: number }>((db, { kinds, now }, dialect) => {
  const ofKinds = anyOf(dialect, 'jobs.kind', kinds, 'text');
  const found = sql`select 1 from jobs where ${due(now, sql.ref('levels.priority'))} and ${ofKinds}`;
  const query = sql<{ priority: number }>`with recursive ${levels}
    select priority from levels where exists (${found}) order by priority desc`;
  return { compile: () => query.compile(db) };
});

/** Whether a job of these kinds is due. It only reads, so it takes no write lock. */
export async function anyDue(ctx: ServiceContext, kinds: readonly string[]): Promise<boolean> {
  if (kinds.length === 0) return false;
  const found = await readThroughSystemDoor(ctx.database, (db) => db.run(dueLevels, { kinds, now: ctx.clock.now() }));
  return found.length > 0;
}

/** Claims due jobs of one priority. */
const claimLevel = (unit: Unit, kinds: readonly string[], priority: number, limit: number, until: Date) =>
  unit.db
    .updateTable('jobs')
    .set((eb) => ({ leased_until: until, attempts: eb('attempts', '+', 1) }))
    .where((eb) => {
      const next = eb
        .selectFrom('jobs')
        .select('id')
        .where('kind', 'in', kinds)
        .where(due(unit.now, sql`${priority}`))
        .orderBy('run_at')
        .orderBy('id')
        .limit(limit);
      if (unit.db.dialect === 'sqlite') return eb('id', 'in', next);
      // Use an array, because PostgreSQL would expect many rows from a join and read all jobs.
      return sql<SqlBool>`id = any(array(${next.forUpdate().skipLocked()}))`;
    })
    .returning([
      'id',
      'organization_id as organizationId',
      'kind',
      'payload',
      'attempts as attempt',
      'max_attempts as maxAttempts',
      'user_id as userId',
      'api_key_id as apiKeyId',
      'created_at',
      'done',
      'priority',
      'run_at',
    ])
    .execute();

/**
 * Claims up to `limit` due jobs, the highest priority first. It skips jobs that other workers have. A job whose worker died is due again
 * when its lease ends.
 */
export async function claimJobs(
  ctx: ServiceContext,
  kinds: readonly string[],
  limit: number,
  leaseMs: number,
): Promise<ClaimedJob[]> {
  const rows = await writeThroughSystemDoor(ctx, async (unit) => {
    const until = new Date(unit.now.getTime() + leaseMs);
    const claimed: Awaited<ReturnType<typeof claimLevel>> = [];
    for (const { priority } of await unit.db.run(dueLevels, { kinds, now: unit.now })) {
      if (claimed.length >= limit) break;
      claimed.push(...(await claimLevel(unit, kinds, priority, limit - claimed.length, until)));
    }
    return claimed;
  });
  return (
    rows
      // `returning` does not preserve the order.
      .sort((a, b) => b.priority - a.priority || compare(a.run_at, b.run_at) || compare(a.id, b.id))
      .map(({ userId, apiKeyId, ...job }) => ({
        ...job,
        starter: userId === null ? null : { userId, apiKeyId, at: new Date(job.created_at) },
      }))
  );
}

/** Claims other due jobs with the same kind, priority and organization as the given job. */
export function claimAlike(ctx: ServiceContext, job: ClaimedJob, limit: number, leaseMs: number) {
  return writeThroughSystemDoor(ctx, ({ db, now }) =>
    db
      .updateTable('jobs')
      .set((eb) => ({ leased_until: new Date(now.getTime() + leaseMs), attempts: eb('attempts', '+', 1) }))
      .where((eb) => {
        const others = eb
          .selectFrom('jobs')
          .select('id')
          .where('kind', '=', job.kind)
          .where('organization_id', job.organizationId === null ? 'is' : '=', job.organizationId)
          .where(due(now, sql`${job.priority}`))
          .orderBy('run_at')
          .orderBy('id')
          .limit(limit);
        if (db.dialect === 'sqlite') return eb('id', 'in', others);
        return sql<SqlBool>`id = any(array(${others.forUpdate().skipLocked()}))`;
      })
      .returning(['id', 'payload'])
      .execute(),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type JobChanges = Partial<NewRow<typeof JobEntity>>;

/** Changes a job unless another worker has claimed it. Answers whether it changed the job. */
async function changeCurrent(unit: Unit, { id, attempt }: ClaimedJob, changes: JobChanges): Promise<boolean> {
  return (await unit.update(JobEntity, { id, status: 'waiting', attempts: attempt }, changes)) === 1;
}

/** Extends the leases of the jobs. Answers the jobs that this worker has lost. */
export async function extendLeases<Job extends ClaimedJob>(
  ctx: ServiceContext,
  jobs: readonly Job[],
  leaseMs: number,
): Promise<Job[]> {
  const until = new Date(ctx.clock.now().getTime() + leaseMs);
  return writeThroughSystemDoor(ctx, async (unit) => {
    const lost: Job[] = [];
    for (const job of jobs) if (!(await changeCurrent(unit, job, { leasedUntil: until }))) lost.push(job);
    return lost;
  });
}

/**
 * Runs `work` and marks the job done with its result, in one transaction.
 * @param alike the ids of jobs whose work this job has done too. They are deleted
 * @throws LeaseLost and rolls back when the attempt is no longer the current one
 */
export function completeJob<T>(
  ctx: ServiceContext,
  job: ClaimedJob,
  work: (unit: Unit) => Promise<T>,
  alike: readonly string[] = [],
): Promise<T> {
  const completing = async (unit: Unit): Promise<T> => {
    const result = await work(unit);
    if (alike.length > 0) await unit.delete(JobEntity, { id: alike });
    const done = await changeCurrent(unit, job, {
      status: 'done',
      leasedUntil: null,
      finishedAt: ctx.clock.now(),
      result,
      error: null,
      ...(job.starter && { progress: 100 }),
    });
    if (!done) throw new LeaseLost(job.id, job.attempt);
    return result;
  };
  return inUnitOf(ctx, job, completing);
}

/** Runs a unit of work of a job, within the walls of its organization or, for a job of the instance, behind the system door. */
export function inUnitOf<T>(
  ctx: ServiceContext,
  { organizationId }: ClaimedJob,
  work: (unit: Unit) => Promise<T>,
  principal: Principal | null = null,
): Promise<T> {
  if (organizationId === null) return writeThroughSystemDoor(ctx, work);
  return inUnit({ ...ctx, principal }, { ...requestScope(principal), organizationId, long: true }, work);
}

/** How far a job has come, and how much is left. */
export interface Advance {
  done: number;
  /** Null when it is unknown. */
  left: number | null;
}

/**
 * Runs one step in a transaction, and records the progress of the job. Answers the progress, or null when nothing was left to do.
 * @throws LeaseLost and rolls back when the attempt is no longer the current one
 */
export function advanceJob(
  ctx: ServiceContext,
  job: ClaimedJob,
  step: JobStep,
  { done, left }: Advance,
  principal: Principal | null,
): Promise<Advance | null> {
  const advancing = async (unit: Unit): Promise<Advance | null> => {
    // Lock the job before its rows, in the same order as a cancellation. A step that gets here has overcome an earlier failure.
    if (!(await changeCurrent(unit, job, { error: null }))) throw new LeaseLost(job.id, job.attempt);
    const changed = await step(unit);
    if (changed === null) return null;
    const after = { done: done + changed, left: left === null ? null : Math.max(left - changed, 0) };
    await changeCurrent(unit, job, { done: after.done, progress: progressOf(after) });
    return after;
  };
  return inUnitOf(ctx, job, advancing, principal);
}

/** In percent. It reaches 100 only when the job is done. */
const progressOf = ({ done, left }: Advance): number | null =>
  left === null ? null : Math.min(99, Math.floor((100 * done) / Math.max(done + left, 1)));

/** Kinds of errors that may pass by themselves. Any other `DomainError` is a refusal, which the next attempt would meet again. */
const passing: readonly ErrorKind[] = ['internal', 'rate_limited', 'unavailable'];

export const isRefusal = (error: unknown): boolean => error instanceof DomainError && !passing.includes(error.kind);

/**
 * Records a failed attempt. The job then waits for a retry. After its last attempt, or after a refusal, it is dead instead. Does nothing
 * when another worker has the job.
 */
export async function failJob(ctx: ServiceContext, job: ClaimedJob, error: unknown): Promise<'waiting' | 'dead'> {
  const now = ctx.clock.now();
  const dead = job.attempt >= job.maxAttempts || isRefusal(error);
  const retryAt = new Date(now.getTime() + retryDelayMs(job.attempt));
  await writeThroughSystemDoor(ctx, (unit) =>
    changeCurrent(unit, job, {
      status: dead ? 'dead' : 'waiting',
      leasedUntil: null,
      error: failureMessage(error),
      ...(dead ? { finishedAt: now } : { runAt: retryAt }),
    }),
  );
  return dead ? 'dead' : 'waiting';
}

/** Counts stop here, so they take about a millisecond however long the queue is. */
const mostCounted = 1000;

/** Each count is at most 1,000. */
export interface QueueDepth {
  /** Due jobs that no worker has. */
  due: number;
  /** All unfinished jobs, including future and running ones. */
  waiting: number;
  dead: number;
  /** Seconds since the oldest due job became due; 0 when none is due. */
  oldestDueSeconds: number;
}

const depth = statement<{ now: Date }, { due: number; waiting: number; dead: number; run_at: string | null }>(
  (db, { now }) => {
    const dueHere = due(now, sql.ref('levels.priority'));
    const counted = (rows: RawBuilder<unknown>) =>
      sql`(select cast(count(*) as integer) from (select 1 as one ${rows} limit ${sql.lit(mostCounted)}) as counted)`;
    // The order makes PostgreSQL use the index. Otherwise it would read the whole table to find a thousand jobs of a priority that has only
    // few. `run_at` has the name of the column, so that the read codec decodes it.
    const query = sql<{ due: number; waiting: number; dead: number; run_at: string | null }>`with recursive ${levels}
      select cast(coalesce(sum(due), 0) as integer) as due, min(oldest) as run_at,
        ${counted(sql`from jobs where status = 'waiting'`)} as waiting,
        ${counted(sql`from jobs where status = 'dead'`)} as dead
      from (
        select ${counted(sql`from jobs where ${dueHere} order by run_at`)} as due,
          (select run_at from jobs where ${dueHere} order by run_at limit 1) as oldest
        from levels where priority is not null
      ) as of_levels`;
    return { compile: () => query.compile(db) };
  },
);

/** Counts the jobs in the queue, for health checks. */
export async function queueDepth(ctx: ServiceContext): Promise<QueueDepth> {
  const now = ctx.clock.now();
  const [row] = await readThroughSystemDoor(ctx.database, (db) => db.run(depth, { now }));
  const { run_at: oldest = null, due = 0, waiting = 0, dead = 0 } = row ?? {};
  const oldestDueSeconds = oldest === null ? 0 : (now.getTime() - Date.parse(oldest)) / 1000;
  return { due: Math.min(due, mostCounted), waiting, dead, oldestDueSeconds };
}
