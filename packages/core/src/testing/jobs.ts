import { writeThroughSystemDoor } from '../database/system-door.ts';
import { mutate } from '../database/unit-of-work.ts';
import { type Job, startJob } from '../jobs/index.ts';
import { JobEntity } from '../jobs/job.entity.ts';
import { anyDue, claimJobs } from '../jobs/queue.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Platform } from '../platform.ts';

/** Starts a job that no worker takes, as an operation does for a user of an organization. */
export function startTestJob(platform: Platform, organizationId: string, userId: string): Promise<Job> {
  const principal = { userId, organizationId, sessionId: null, emailVerified: true, grants: [] };
  return mutate(platform.context({ principal }), (unit) => startJob(unit, 'test', {}));
}

/** How many rows one transaction adds. */
const batchSize = 10_000;

/** Adds many jobs that no worker takes: one in ten is due in a year, one in a hundred is dead, and the others are due. */
export async function addTestJobs(platform: Platform, organizationId: string | null, count: number): Promise<void> {
  const now = platform.clock.now();
  const jobAt = (number: number) => {
    const isDead = number % 100 === 7;
    return {
      id: uuidv7(),
      organizationId,
      kind: 'test',
      payload: {},
      priority: number % 3 === 0 ? -10 : 0,
      runAt: new Date(now.getTime() + (number % 10 === 0 ? 365 * 86_400_000 : -number)),
      attempts: isDead ? 1 : 0,
      maxAttempts: 1,
      status: isDead ? ('dead' as const) : ('waiting' as const),
      finishedAt: isDead ? now : null,
      done: 0,
      createdAt: now,
    };
  };
  for (let first = 0; first < count; first += batchSize) {
    const rows = Array.from({ length: Math.min(batchSize, count - first) }, (_, index) => jobAt(first + index));
    await writeThroughSystemDoor(platform.context({ principal: null }), (unit) => unit.insert(JobEntity, ...rows));
  }
}

/** Looks for work as a worker does. Returns how many jobs it has claimed. */
export async function claimTestJobs(platform: Platform, limit: number): Promise<number> {
  const ctx = platform.context({ principal: null });
  if (!(await anyDue(ctx, ['test']))) return 0;
  return (await claimJobs(ctx, ['test'], limit, 60_000)).length;
}
