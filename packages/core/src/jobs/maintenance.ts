import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { JobHandlers } from './handler.ts';
import type { Schedule } from './schedules.ts';

const hourMs = 3_600_000;
const idempotencyKeysMs = 24 * hourMs;
const finishedJobsMs = 7 * 24 * hourMs;

/** Rows of one transaction: short enough that nobody notices the lock. */
const batch = 1000;

/** Deletes batch by batch until there is nothing left, and answers how many rows that were. */
async function deleteInBatches(ctx: ServiceContext, remove: (unit: Unit) => Promise<number>): Promise<number> {
  let count = 0;
  for (;;) {
    const removed = await writeThroughSystemDoor(ctx, remove);
    count += removed;
    if (removed < batch) return count;
  }
}

/** Forgets the answers kept for Idempotency-Keys after 24 hours (F6). */
const purgeIdempotencyKeys = (ctx: ServiceContext): Promise<number> => {
  const before = new Date(ctx.clock.now().getTime() - idempotencyKeysMs);
  return deleteInBatches(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom('idempotency_keys')
      .where((eb) =>
        eb(
          eb.refTuple('user_id', 'scope', 'procedure', 'key'),
          'in',
          eb
            .selectFrom('idempotency_keys')
            .select(['user_id', 'scope', 'procedure', 'key'])
            .where(sql<boolean>`created_at < ${before}`)
            .limit(batch)
            .$asTuple('user_id', 'scope', 'procedure', 'key'),
        ),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  });
};

/** Forgets jobs, done and dead, seven days after they ended. */
const purgeFinishedJobs = (ctx: ServiceContext): Promise<number> => {
  const before = new Date(ctx.clock.now().getTime() - finishedJobsMs);
  return deleteInBatches(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom('jobs')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('jobs')
          .select('id')
          .where(sql<boolean>`finished_at < ${before}`)
          .limit(batch),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  });
};

export const maintenanceHandlers: JobHandlers = {
  'idempotency_keys.purge': async (ctx) => ({ removed: await purgeIdempotencyKeys(ctx) }),
  'jobs.purge': async (ctx) => ({ removed: await purgeFinishedJobs(ctx) }),
};

export const maintenanceSchedules: readonly Schedule[] = [
  { name: 'idempotency_keys.purge', cron: '10 * * * *', kind: 'idempotency_keys.purge' },
  { name: 'jobs.purge', cron: '40 2 * * *', kind: 'jobs.purge' },
];
