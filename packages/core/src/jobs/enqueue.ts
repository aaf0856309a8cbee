import type { Unit } from '../database/unit-of-work.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { JobPayload } from './handler.ts';
import { JobEntity } from './job.entity.ts';
import { wakeRunners } from './wake.ts';

export interface JobOptions {
  /** @default now */
  runAt?: Date;
  /** Higher runs first. @default 0 */
  priority?: number;
  /** How many attempts a job has before it is dead. @default 10 */
  maxAttempts?: number;
}

/**
 * Adds a job, which runs after the unit commits and is rolled back with it. The job belongs to the unit's organization. Answers its
 * id.
 */
export async function enqueue(
  unit: Unit,
  kind: string,
  payload: JobPayload,
  options: JobOptions = {},
): Promise<string> {
  const id = uuidv7();
  await unit.insert(JobEntity, {
    id,
    organizationId: unit.scope.organizationId,
    kind,
    payload,
    priority: options.priority ?? 0,
    runAt: options.runAt ?? unit.now,
    attempts: 0,
    maxAttempts: options.maxAttempts ?? 10,
    status: 'waiting',
    createdAt: unit.now,
  });
  unit.afterCommit(() => wakeRunners(unit.ctx.database));
  return id;
}
