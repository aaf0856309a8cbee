import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { Principal } from '../kernel/principal.ts';

export type JobPayload = Record<string, unknown>;

/** Who started a job with an operation. */
export interface JobStarter {
  readonly userId: string;
  readonly apiKeyId: string | null;
  /** When they did. */
  readonly at: Date;
}

/** One step of a long job. Answers how many rows it has changed, or null when nothing was left to change. */
export type JobStep = (unit: Unit) => Promise<number | null>;

export interface StepOptions {
  /** Who takes the next step. @default the system */
  principal?: () => Promise<Principal>;
  /** Counts the rows that are left to change, for the progress. Null when there are too many to count. @default unknown */
  left?: (unit: Unit) => Promise<number | null>;
}

/** One attempt at a job. */
export interface JobRun {
  /** The same in every attempt. Use it to make effects outside of the database idempotent. */
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Null for a job of the instance itself. */
  readonly organizationId: string | null;
  /** Null for a job that no operation has started. */
  readonly starter: JobStarter | null;
  /**
   * Takes over other due jobs of the same kind and organization, at most 500, and answers their payloads. When this job is done, they are
   * deleted. When it fails, they run by themselves after their leases.
   */
  together(): Promise<JobPayload[]>;
  /** Aborted when another worker takes over the lease, or when the server stops and the grace period is over. */
  readonly signal: AbortSignal;
  /** Reads behind the system door: every row of every organization. */
  read<T>(work: (db: ReadDoor) => Promise<T>): Promise<T>;
  /**
   * Runs the last database effects of the job and marks it done in one transaction, so that they happen exactly once. A job of an
   * organization works within that organization's walls, a job of the instance behind the system door. What `work` returns is
   * stored as the job's result. Inside, use only the unit: another transaction would wait for this one.
   * @throws LeaseLost, and rolls back, when another worker has taken the job over
   */
  complete<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /**
   * Works in steps, each in a transaction of its own, until one answers null. A step finds what is left in the rows alone, so that
   * the next attempt continues after a crash. It must change no more than `stepRows` rows, because everybody else waits for it.
   * Answers how many rows the steps have changed, in all attempts.
   * @throws LeaseLost, and rolls the step back, when another worker has taken the job over or somebody has cancelled it
   */
  steps(step: JobStep, options?: StepOptions): Promise<number>;
}

/**
 * Runs one kind of job. When it throws, the job is retried later. What it returns is stored as the job's result, as JSON. The context
 * has no principal, and its request id is the job's id.
 */
export type JobHandler = (ctx: ServiceContext, payload: JobPayload, job: JobRun) => Promise<unknown>;

/** The handlers by kind of job. */
export type JobHandlers = Readonly<Record<string, JobHandler>>;

/** Another worker has taken over the job, or somebody has cancelled it, so the effects of this attempt must not count. */
export class LeaseLost extends Error {
  constructor(id: string, attempt: number) {
    super(`Attempt ${attempt} of job ${id} is no longer the current one.`);
    this.name = 'LeaseLost';
  }
}

/** The rows of one step, and of an operation that does its work at once. */
export const stepRows = 500;
