import type { Unit } from '../database/unit-of-work.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import type { JobPayload } from './handler.ts';
import { JobEntity } from './job.entity.ts';
import type { Job } from './job.schema.ts';
import { wakeRunners } from './wake.ts';

export interface JobOptions {
  /** @default now */
  runAt?: Date;
  /** Higher runs first. @default 0 */
  priority?: number;
  /** After how many failed attempts a job is dead. @default 10 */
  maxAttempts?: number;
  /** Identifies the job, so that it can be cancelled. No other job has the same key. @default null */
  uniqueKey?: string | null;
  /** The organization of the job. It may differ from the unit's only behind the system door. @default the organization of the unit */
  organizationId?: string | null;
}

/**
 * Adds a job, which runs after the unit commits and is rolled back with it. By default the job belongs to the unit's organization. Answers
 * its id.
 */
export const enqueue = (unit: Unit, kind: string, payload: JobPayload, options: JobOptions = {}): Promise<string> =>
  insertJob(unit, kind, payload, options, null);

/**
 * Adds a job that continues the work of an operation. The operation answers this job instead of its usual answer. Only the caller can read
 * it.
 * @param kind the operationId
 * @throws `unauthenticated`
 */
export async function startJob(unit: Unit, kind: string, payload: JobPayload, options: JobOptions = {}): Promise<Job> {
  const { principal } = unit.ctx;
  if (!principal) throw errors.unauthenticated();
  const id = await insertJob(unit, kind, payload, options, principal);
  unit.accepted = true;
  const createdAt = unit.now.toISOString();
  return { id, kind, status: 'waiting', progress: null, result: null, error: null, createdAt, finishedAt: null };
}

async function insertJob(
  unit: Unit,
  kind: string,
  payload: JobPayload,
  options: JobOptions,
  starter: Principal | null,
): Promise<string> {
  const id = uuidv7();
  await unit.insert(JobEntity, {
    id,
    organizationId: options.organizationId ?? unit.scope.organizationId,
    userId: starter?.userId ?? null,
    apiKeyId: starter?.apiKeyId ?? null,
    kind,
    payload,
    priority: options.priority ?? 0,
    runAt: options.runAt ?? unit.now,
    attempts: 0,
    maxAttempts: options.maxAttempts ?? 10,
    status: 'waiting',
    done: 0,
    uniqueKey: options.uniqueKey ?? null,
    createdAt: unit.now,
  });
  // Runners find jobs with a later time by polling.
  if (!options.runAt || options.runAt <= unit.now) unit.afterCommit(() => wakeRunners(unit.ctx.database));
  return id;
}

/** Cancels the unfinished job with a unique key in the unit's organization. None of its steps commits after the unit. */
export async function cancelJob(unit: Unit, uniqueKey: string): Promise<void> {
  const cancelled = { status: 'cancelled', leasedUntil: null, finishedAt: unit.now } as const;
  await unit.update(JobEntity, { uniqueKey, status: 'waiting' }, cancelled);
}
