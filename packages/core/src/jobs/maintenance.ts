import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { inBatches } from './batches.ts';
import type { JobHandlers } from './handler.ts';
import type { Schedule } from './schedules.ts';

const hourMs = 3_600_000;
const idempotencyKeysMs = 24 * hourMs;
const finishedJobsMs = 7 * 24 * hourMs;

const ago = (ctx: ServiceContext, ms: number): Date => new Date(ctx.clock.now().getTime() - ms);

/** Deletes the stored answers for Idempotency-Keys after 24 hours (F6). */
const purgeIdempotencyKeys = (ctx: ServiceContext): Promise<number> =>
  inBatches(ctx, 'idempotency_keys', sql`created_at < ${ago(ctx, idempotencyKeysMs)}`);

/** Deletes done and dead jobs seven days after they ended. */
const purgeFinishedJobs = (ctx: ServiceContext): Promise<number> =>
  inBatches(ctx, 'jobs', sql`finished_at < ${ago(ctx, finishedJobsMs)}`);

export const maintenanceHandlers: JobHandlers = {
  'idempotency_keys.purge': async (ctx) => ({ removed: await purgeIdempotencyKeys(ctx) }),
  'jobs.purge': async (ctx) => ({ removed: await purgeFinishedJobs(ctx) }),
};

export const maintenanceSchedules: readonly Schedule[] = [
  { name: 'idempotency_keys.purge', cron: '10 * * * *', kind: 'idempotency_keys.purge' },
  { name: 'jobs.purge', cron: '40 2 * * *', kind: 'jobs.purge' },
];
