import { mutate } from '../database/unit-of-work.ts';
import { type Job, startJob } from '../jobs/index.ts';
import type { Platform } from '../platform.ts';

/** Starts a job that no worker takes, as an operation does for a user of an organization. */
export function startTestJob(platform: Platform, organizationId: string, userId: string): Promise<Job> {
  const principal = { userId, organizationId, sessionId: null, emailVerified: true, grants: [] };
  return mutate(platform.context({ principal }), (unit) => startJob(unit, 'test', {}));
}
