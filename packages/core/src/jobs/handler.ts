import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { Principal } from '../kernel/principal.ts';

export type JobPayload = Record<string, unknown>;

/** The user who started a job with an operation. */
export interface JobStarter {
  readonly userId: string;
  readonly apiKeyId: string | null;
  /** When they started it. */
  readonly at: Date;
}

/** One step of a long job. Answers the number of changed rows, or null when nothing was left to change. */
export type JobStep = (unit: Unit) => Promise<number | null>;

export interface StepOptions {
  /** Loads the principal of the next step. @default the system */
  principal?: () => Promise<Principal>;
  /** Counts the remaining rows, for the progress. Answers null when there are too many to count. @default unknown */
  left?: (unit: Unit) => Promise<number | null>;
}

/** One attempt at a job. */
export interface JobRun {
  /** The same in every attempt. Use it to make effects outside the database idempotent. */
  readonly id: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Null for a job of the instance itself. */
  readonly organizationId: string | null;
  /** Null for a job that no operation started. */
  readonly starter: JobStarter | null;
  /**
   * Takes over up to 500 other due jobs of the same kind and organization, and answers their payloads. When this job is done, they are
   * deleted. When it fails, they run on their own after their leases end.
   */
  together(): Promise<JobPayload[]>;
  /** Aborted when another worker takes over the lease, or when the server stops and the grace period is over. */
  readonly signal: AbortSignal;
  /** Reads behind the system door: every row of every organization. */
  read<T>(work: (db: ReadDoor) => Promise<T>): Promise<T>;
  /**
   * Runs the last database effects of the job and marks it done in one transaction, so the effects happen exactly once. A job of an
   * organization works within that organization's walls, and a job of the instance behind the system door. The result of `work` is stored
   * as the job's result. Inside, use only the unit, because another transaction would wait for this one.
   * @throws LeaseLost, and rolls back, when another worker has taken the job over
   */
  complete<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /**
   * Runs steps, each in its own transaction, until a step answers null. A step must find the remaining work in the rows alone, so that the
   * next attempt continues after a crash. It must not change more than `stepRows` rows, because everybody else waits for it. Answers how
   * many rows the steps of all attempts have changed.
   * @throws LeaseLost, and rolls the step back, when another worker has taken the job over or somebody has cancelled it
   */
  steps(step: JobStep, options?: StepOptions): Promise<number>;
}

/**
 * Runs one kind of job. When it throws, the job is retried later. Its return value is stored as the job's result, as JSON. The context has
 * no principal, and its request id is the job's id.
 */
export type JobHandler = (ctx: ServiceContext, payload: JobPayload, job: JobRun) => Promise<unknown>;

/** The handlers by kind of job. */
export type JobHandlers = Readonly<Record<string, JobHandler>>;

/** Another worker has taken over the job, or somebody has cancelled it, so the effects of this attempt must be rolled back. */
export class LeaseLost extends Error {
  constructor(id: string, attempt: number) {
    super(`Attempt ${attempt} of job ${id} is no longer the current one.`);
    this.name = 'LeaseLost';
  }
}

/** The most rows of one step, and of an operation that does its work without a job. */
export const stepRows = 500;
