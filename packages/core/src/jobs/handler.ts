import type { ServiceContext } from '../database/context.ts';
import type { Unit } from '../database/unit-of-work.ts';

export type JobPayload = Record<string, unknown>;

/** One attempt at a job. */
export interface JobRun {
  /** The same in every attempt. Use it to make effects outside of the database idempotent. */
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Null for a job of the instance itself. */
  readonly organizationId: string | null;
  /** Aborted when another worker takes over the lease, or when the server stops and the grace period is over. */
  readonly signal: AbortSignal;
  /**
   * Runs the last database effects of the job and marks it done in one transaction, so that they happen exactly once. A job of an
   * organization works within that organization's walls, a job of the instance behind the system door. What `work` returns is
   * stored as the job's result. Inside, use only the unit: another transaction would wait for this one.
   * @throws LeaseLost, and rolls back, when another worker has taken the job over
   */
  complete<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
}

/**
 * Runs one kind of job. When it throws, the job is retried later. What it returns is stored as the job's result, as JSON. The context
 * has no principal, and its request id is the job's id.
 */
export type JobHandler = (ctx: ServiceContext, payload: JobPayload, job: JobRun) => Promise<unknown>;

/** The handlers by kind of job. */
export type JobHandlers = Readonly<Record<string, JobHandler>>;

/** Another worker has taken over the job, so the effects of this attempt must not count. */
export class LeaseLost extends Error {
  constructor(id: string, attempt: number) {
    super(`Attempt ${attempt} of job ${id} is no longer the current one.`);
    this.name = 'LeaseLost';
  }
}
