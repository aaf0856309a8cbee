import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { JobHandlers, Schedule } from '../jobs/index.ts';

const dayMs = 86_400_000;

/** Rows of one transaction: short enough that nobody notices the lock. */
const batch = 1000;

async function deleteInBatches(
  ctx: ServiceContext,
  remove: (unit: Unit) => Promise<{ numDeletedRows: bigint }>,
): Promise<number> {
  for (let count = 0; ;) {
    const { numDeletedRows } = await writeThroughIdentityDoor(ctx, remove);
    count += Number(numDeletedRows);
    if (numDeletedRows < batch) return count;
  }
}

/** Forgets sessions that expired, or that ended a day ago, with their refresh tokens. Answers how many sessions that were. */
export function purgeSessions(ctx: ServiceContext): Promise<number> {
  const now = ctx.clock.now();
  const dayAgo = new Date(now.getTime() - dayMs);
  const over = sql<boolean>`(expires_at < ${now} or revoked_at < ${dayAgo})`;
  return deleteInBatches(ctx, ({ db }) =>
    db
      .deleteFrom('sessions')
      .where('id', 'in', (eb) => eb.selectFrom('sessions').select('id').where(over).limit(batch))
      .executeTakeFirstOrThrow(),
  );
}

/**
 * Forgets refresh tokens of living sessions that were spent so long ago that they would have expired unspent: they say nothing
 * about a thief any more. Answers how many that were.
 */
export function purgeSpentRefreshTokens(ctx: ServiceContext): Promise<number> {
  const before = new Date(ctx.clock.now().getTime() - ctx.settings.refreshTokenDays * dayMs);
  const over = sql<boolean>`spent_at < ${before}`;
  return deleteInBatches(ctx, ({ db }) =>
    db
      .deleteFrom('refresh_tokens')
      .where('hash', 'in', (eb) => eb.selectFrom('refresh_tokens').select('hash').where(over).limit(batch))
      .executeTakeFirstOrThrow(),
  );
}

/** Forgets what was tried too long ago to count. Answers how many rows that were. */
export function purgeThrottles(ctx: ServiceContext): Promise<number> {
  const over = sql<boolean>`expires_at < ${ctx.clock.now()}`;
  return deleteInBatches(ctx, ({ db }) =>
    db
      .deleteFrom('throttles')
      .where('key', 'in', (eb) => eb.selectFrom('throttles').select('key').where(over).limit(batch))
      .executeTakeFirstOrThrow(),
  );
}

/** Forgets wishes for another address that nobody can confirm or undo any more. Answers how many that were. */
export function purgeEmailChanges(ctx: ServiceContext): Promise<number> {
  const now = ctx.clock.now();
  const over = sql<boolean>`(expires_at < ${now} and (undo_until is null or undo_until < ${now}))`;
  return deleteInBatches(ctx, ({ db }) =>
    db
      .deleteFrom('email_changes')
      .where('id', 'in', (eb) => eb.selectFrom('email_changes').select('id').where(over).limit(batch))
      .executeTakeFirstOrThrow(),
  );
}

export const identityHandlers: JobHandlers = {
  'sessions.purge': async (ctx) => ({
    sessions: await purgeSessions(ctx),
    refreshTokens: await purgeSpentRefreshTokens(ctx),
  }),
  'email_changes.purge': async (ctx) => ({ emailChanges: await purgeEmailChanges(ctx) }),
  'throttles.purge': async (ctx) => ({ throttles: await purgeThrottles(ctx) }),
};

export const identitySchedules: readonly Schedule[] = [
  { name: 'sessions.purge', cron: '25 * * * *', kind: 'sessions.purge' },
  { name: 'email_changes.purge', cron: '45 3 * * *', kind: 'email_changes.purge' },
  { name: 'throttles.purge', cron: '35 * * * *', kind: 'throttles.purge' },
];
