import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { requestScope } from '../database/scope.ts';
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
  /** The number of this attempt. Once another worker has claimed the job, this attempt can no longer write to it. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly starter: JobStarter | null;
  /** How many rows its steps have changed in earlier attempts. */
  readonly done: number;
}

const due = (now: Date) =>
  sql<boolean>`(status = 'waiting' and run_at <= ${now} and (leased_until is null or leased_until <= ${now}))`;

/** Whether a job of these kinds is due. It only reads, so it takes no write lock. */
export async function anyDue(ctx: ServiceContext, kinds: readonly string[]): Promise<boolean> {
  if (kinds.length === 0) return false;
  const found = await readThroughSystemDoor(ctx.database, (db) =>
    db
      .selectFrom('jobs')
      .select('id')
      .where('kind', 'in', kinds)
      .where(due(ctx.clock.now()))
      .limit(1)
      .executeTakeFirst(),
  );
  return found !== undefined;
}

/**
 * Claims up to `limit` due jobs, the highest priority first. It takes no job that another worker has. A job whose worker died is due
 * again when its lease ends.
 */
export async function claimJobs(
  ctx: ServiceContext,
  kinds: readonly string[],
  limit: number,
  leaseMs: number,
): Promise<ClaimedJob[]> {
  const now = ctx.clock.now();
  const until = new Date(now.getTime() + leaseMs);
  const { dialect } = ctx.database.engine;
  const rows = await writeThroughSystemDoor(ctx, (unit) =>
    unit.db
      .updateTable('jobs')
      .set((eb) => ({ leased_until: sql<string>`${until}`, attempts: eb('attempts', '+', 1) }))
      .where('id', 'in', (eb) => {
        const next = eb
          .selectFrom('jobs')
          .select('id')
          .where('kind', 'in', kinds)
          .where(due(now))
          .orderBy('priority', 'desc')
          .orderBy('run_at')
          .orderBy('id')
          .limit(limit);
        return dialect === 'postgresql' ? next.forUpdate().skipLocked() : next;
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
      .execute(),
  );
  return (
    rows
      // `returning` does not keep the order.
      .sort((a, b) => b.priority - a.priority || compare(a.run_at, b.run_at) || compare(a.id, b.id))
      .map(({ userId, apiKeyId, ...job }) => ({
        ...job,
        starter: userId === null ? null : { userId, apiKeyId, at: new Date(job.created_at) },
      }))
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type JobChanges = Partial<NewRow<typeof JobEntity>>;

/** Changes a job unless another worker has claimed it. Answers whether it did. */
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
 * @throws LeaseLost and rolls back when the attempt is no longer the current one
 */
export function completeJob<T>(ctx: ServiceContext, job: ClaimedJob, work: (unit: Unit) => Promise<T>): Promise<T> {
  const completing = async (unit: Unit): Promise<T> => {
    const result = await work(unit);
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

/** Runs a unit of work of a job: behind the system door, or within the walls of its organization. */
export function inUnitOf<T>(
  ctx: ServiceContext,
  { organizationId }: ClaimedJob,
  work: (unit: Unit) => Promise<T>,
  principal: Principal | null = null,
): Promise<T> {
  if (organizationId === null) return writeThroughSystemDoor(ctx, work);
  return inUnit({ ...ctx, principal }, { ...requestScope(principal), organizationId, long: true }, work);
}

/** How far a job is, and what is left of it. */
export interface Advance {
  done: number;
  /** Null when it is unknown. */
  left: number | null;
}

/**
 * Runs one step in a transaction, and records how far the job is. Answers that, or null when nothing was left to do.
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
    // The job is locked before its rows, as whoever cancels it does. A step that gets here has overcome an earlier failure.
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

/** What may pass by itself. Any other error of ours is a refusal, which the next attempt would meet again. */
const passing: readonly ErrorKind[] = ['internal', 'rate_limited', 'unavailable'];

export const isRefusal = (error: unknown): boolean => error instanceof DomainError && !passing.includes(error.kind);

/**
 * Records a failed attempt. The job waits for a retry. It is dead after its last attempt, or when it was refused. Does nothing when
 * another worker has the job.
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

export interface QueueDepth {
  /** Jobs that are due and that no worker has. */
  due: number;
  /** All unfinished jobs, including future and running ones. */
  waiting: number;
  dead: number;
  /** Seconds since the oldest due job became due; 0 when none is due. */
  oldestDueSeconds: number;
}

/** Counts the jobs in the queue, for health checks. */
export async function queueDepth(ctx: ServiceContext): Promise<QueueDepth> {
  const now = ctx.clock.now();
  const row = await readThroughSystemDoor(ctx.database, (db) =>
    db
      .selectFrom('jobs')
      .select([
        sql<number>`count(case when ${due(now)} then 1 end)`.as('due'),
        sql<number>`count(case when status = 'waiting' then 1 end)`.as('waiting'),
        sql<number>`count(case when status = 'dead' then 1 end)`.as('dead'),
        // It has the name of the column, so that the read codec decodes it.
        sql<string | null>`min(case when ${due(now)} then run_at end)`.as('run_at'),
      ])
      .where('status', 'in', ['waiting', 'dead'])
      .executeTakeFirstOrThrow(),
  );
  const { run_at: oldest, ...counts } = row;
  return { ...counts, oldestDueSeconds: oldest === null ? 0 : (now.getTime() - Date.parse(oldest)) / 1000 };
}
