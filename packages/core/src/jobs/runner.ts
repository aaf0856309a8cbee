import type { ServiceContext } from '../database/context.ts';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { wait } from '../kernel/alarm.ts';
import type { Logger } from '../kernel/logger.ts';
import { Polling } from '../kernel/polling.ts';
import { type JobHandlers, type JobRun, type JobStep, LeaseLost, stepRows, type StepOptions } from './handler.ts';
import {
  advanceJob,
  anyDue,
  claimAlike,
  claimJobs,
  type ClaimedJob,
  completeJob,
  extendLeases,
  failJob,
  inUnitOf,
} from './queue.ts';
import { type Schedule, SchedulePlanner } from './schedules.ts';
import { onEnqueued } from './wake.ts';

export interface JobRunnerOptions {
  /** Makes the context of one run, without a principal and with this request id. */
  context: (requestId: string) => ServiceContext;
  /** The runner leaves other kinds of jobs to other servers, which may be newer. */
  handlers: JobHandlers;
  /** @default [] */
  schedules?: readonly Schedule[];
  logger: Logger;
  /** How many jobs run at the same time. @default 4 */
  concurrency?: number;
  /** How long a lease lasts unless the worker extends it. @default 30000 */
  leaseMs?: number;
  /** How often it looks for jobs of other processes. @default 1000 */
  pollMs?: number;
}

interface RunningJob extends ClaimedJob {
  readonly abort: AbortController;
  readonly finished: Promise<void>;
}

/** Runs jobs inside this process. It logs its own failures and continues. */
export class JobRunner {
  readonly #options: Required<JobRunnerOptions>;
  readonly #ctx: ServiceContext;
  readonly #kinds: readonly string[];
  readonly #planner: SchedulePlanner;
  readonly #running = new Set<RunningJob>();
  readonly #polling: Polling;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = { schedules: [], concurrency: 4, leaseMs: 30_000, pollMs: 1000, ...options };
    this.#ctx = options.context('jobs');
    this.#kinds = Object.keys(options.handlers);
    this.#planner = new SchedulePlanner(this.#options.schedules);
    this.#polling = new Polling({
      look: () => this.#look(),
      everyMs: this.#options.pollMs,
      subscribe: (ring) => onEnqueued(this.#ctx.database, ring),
      logger: options.logger,
      lines: { fails: 'job runner cannot reach its jobs', works: 'job runner works again' },
    });
  }

  /** Starts to look for work. Further calls do nothing. */
  start(): void {
    this.#heartbeat ??= setInterval(() => void this.#keepLeases(), this.#options.leaseMs / 3);
    this.#polling.start();
  }

  /**
   * Stops claiming jobs, and waits for the running ones. After `graceMs` it aborts their signals and no longer waits for them. Their leases
   * expire, and they are retried.
   */
  async stop(graceMs = 30_000): Promise<void> {
    await this.#polling.stop();
    const timeout = new AbortController();
    const grace = wait(graceMs, timeout.signal);
    await Promise.race([Promise.all([...this.#running].map((job) => job.finished)), grace]);
    timeout.abort();
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    for (const job of this.#running) {
      this.#options.logger.warn({ job: job.id, kind: job.kind }, 'job left running: it will be tried again');
      job.abort.abort();
    }
  }

  /** Runs jobs until none is due. Answers how many it ran. For tests and command lines. */
  async runDue(): Promise<number> {
    let count = 0;
    for (;;) {
      const jobs = await this.#claim();
      if (jobs.length === 0) return count;
      count += jobs.length;
      await Promise.all(jobs.map((job) => this.#launch(job).finished));
    }
  }

  async #look(): Promise<number> {
    await this.#planner.plan(this.#ctx);
    const jobs = await this.#claim();
    for (const job of jobs) this.#launch(job);
    return jobs.length;
  }

  async #claim(): Promise<ClaimedJob[]> {
    const { concurrency, leaseMs } = this.#options;
    const free = concurrency - this.#running.size;
    if (free <= 0 || !(await anyDue(this.#ctx, this.#kinds))) return [];
    // After `stop`, leave the jobs that this look has found to other workers too.
    if (this.#polling.isStopping) return [];
    return claimJobs(this.#ctx, this.#kinds, free, leaseMs);
  }

  #launch(claimed: ClaimedJob): RunningJob {
    const abort = new AbortController();
    const finished = this.#attempt(claimed, abort.signal)
      .catch((error: unknown) => {
        // The lease expires, and the job is retried.
        this.#options.logger.error(
          { err: error, job: claimed.id, kind: claimed.kind },
          'job outcome could not be recorded',
        );
      })
      .finally(() => {
        this.#running.delete(job);
        this.#polling.ring();
      });
    const job: RunningJob = { ...claimed, abort, finished };
    this.#running.add(job);
    return job;
  }

  async #attempt(job: ClaimedJob, signal: AbortSignal): Promise<void> {
    const { logger, handlers, context } = this.#options;
    const ctx = context(job.id);
    const facts = { job: job.id, kind: job.kind, attempt: job.attempt };
    const started = performance.now();
    let done = false;
    const alike: string[] = [];
    const run: JobRun = {
      id: job.id,
      attempt: job.attempt,
      organizationId: job.organizationId,
      starter: job.starter,
      signal,
      read: (work) => readThroughSystemDoor(ctx.database, work),
      steps: (step, options) => runSteps(ctx, job, signal, step, options),
      together: async () => {
        const others = await claimAlike(ctx, job, stepRows, this.#options.leaseMs);
        alike.push(...others.map(({ id }) => id));
        return others.map(({ payload }) => payload);
      },
      complete: async (work) => {
        const result = await completeJob(ctx, job, work, alike);
        done = true;
        return result;
      },
    };
    try {
      if (job.attempt > job.maxAttempts) throw new Error('Its worker stopped in the middle of the last attempt.');
      const result = await handlers[job.kind]?.(ctx, job.payload, run);
      if (!done) await run.complete(async () => result);
      logger.info({ ...facts, durationMs: Math.round(performance.now() - started) }, 'job done');
    } catch (error) {
      if (error instanceof LeaseLost) logger.warn(facts, 'job lost to another worker, or cancelled');
      else if (done) logger.error({ ...facts, err: error }, 'job failed after it was done');
      else {
        const status = await failJob(ctx, job, error);
        const failure = { ...facts, err: error };
        if (status === 'dead') logger.error(failure, 'job dead');
        else logger.warn(failure, 'job failed');
      }
    }
  }

  async #keepLeases(): Promise<void> {
    if (this.#running.size === 0) return;
    try {
      const lost = await extendLeases(this.#ctx, [...this.#running], this.#options.leaseMs);
      for (const job of lost) job.abort.abort();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'job leases could not be extended');
    }
  }
}

async function runSteps(
  ctx: ServiceContext,
  job: ClaimedJob,
  signal: AbortSignal,
  step: JobStep,
  { principal, left }: StepOptions = {},
): Promise<number> {
  for (let { done } = job, rest = left ? await inUnitOf(ctx, job, left) : null; ;) {
    signal.throwIfAborted();
    const advanced = await advanceJob(ctx, job, step, { done, left: rest }, (await principal?.()) ?? null);
    if (advanced === null) return done;
    ({ done, left: rest } = advanced);
  }
}
