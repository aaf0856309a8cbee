import type { ServiceContext } from '../database/context.ts';
import type { Unit } from '../database/unit-of-work.ts';

export type JobPayload = Record<string, unknown>;

/** One attempt at a job. */
export interface JobRun {
  /** The same in every attempt: effects outside of the database are made idempotent by it. */
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Null for the instance's own. */
  readonly organizationId: string | null;
  /** Aborted when the lease is lost to another worker, or when the server stops without more patience. */
  readonly signal: AbortSignal;
  /**
   * Runs the last database effects of the job in one transaction with its `done`: they happen exactly once. A job of an
   * organization stands behind that organization's walls, one of the instance behind the system door. What `work` returns is
   * kept as the job's result. Everything inside goes through the unit: another transaction would wait for this one.
   * @throws LeaseLost, and rolls back, when another worker has taken the job over
   */
  complete<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
}

/**
 * Does one kind of job. A throw is tried again later; what it returns is kept as the job's result, as JSON. The context has
 * no principal and the job's id as its request id.
 */
export type JobHandler = (ctx: ServiceContext, payload: JobPayload, job: JobRun) => Promise<unknown>;

/** By the kind that was enqueued. */
export type JobHandlers = Readonly<Record<string, JobHandler>>;

/** Another worker has the job by now: whatever this one did must not count. */
export class LeaseLost extends Error {
  constructor(id: string, attempt: number) {
    super(`Attempt ${attempt} of job ${id} is no longer the current one.`);
    this.name = 'LeaseLost';
  }
}
