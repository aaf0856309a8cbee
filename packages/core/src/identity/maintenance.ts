import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { sweepUserAvatars } from './avatar.service.ts';
import { inBatches, type JobHandlers, type Schedule } from '../jobs/index.ts';

const dayMs = 86_400_000;

const ago = (ctx: ServiceContext, days: number): Date => new Date(ctx.clock.now().getTime() - days * dayMs);

const purgeExpired = (ctx: ServiceContext, table: string): Promise<number> =>
  inBatches(ctx, table, sql`expires_at < ${ctx.clock.now()}`);

/** Deletes sessions that expired, or that ended a day ago, with their refresh tokens. Answers how many sessions it deleted. */
export const purgeSessions = async (ctx: ServiceContext): Promise<number> =>
  // Each condition has an index. With `or`, SQLite would read all sessions for the last batch.
  (await purgeExpired(ctx, 'sessions')) + (await inBatches(ctx, 'sessions', sql`revoked_at < ${ago(ctx, 1)}`));

/**
 * Deletes the used refresh tokens of active sessions once they would have expired anyway: until then, a second use reveals a
 * thief. Answers how many it deleted.
 */
export const purgeSpentRefreshTokens = (ctx: ServiceContext): Promise<number> =>
  inBatches(ctx, 'refresh_tokens', sql`spent_at < ${ago(ctx, ctx.settings.refreshTokenDays)}`);

/** Deletes counters of tries that no longer count. Answers how many it deleted. */
export const purgeThrottles = (ctx: ServiceContext): Promise<number> => purgeExpired(ctx, 'throttles');

/** Deletes expired sign-ins at an issuer and expired logout tokens. Answers how many rows it deleted. */
export const purgeOidc = async (ctx: ServiceContext): Promise<number> =>
  (await purgeExpired(ctx, 'oidc_flows')) + (await purgeExpired(ctx, 'oidc_logout_tokens'));

/** Deletes changes of an address that nobody can confirm or undo any more. Answers how many it deleted. */
export function purgeEmailChanges(ctx: ServiceContext): Promise<number> {
  const now = ctx.clock.now();
  return inBatches(ctx, 'email_changes', sql`(expires_at < ${now} and (undo_until is null or undo_until < ${now}))`);
}

/** Deletes sign-in challenges that expired unanswered. Answers how many it deleted. */
export const purgeSignInChallenges = (ctx: ServiceContext): Promise<number> => purgeExpired(ctx, 'sign_in_challenges');

export const identityHandlers: JobHandlers = {
  'sessions.purge': async (ctx) => ({
    sessions: await purgeSessions(ctx),
    refreshTokens: await purgeSpentRefreshTokens(ctx),
  }),
  'oidc.purge': async (ctx) => ({ rows: await purgeOidc(ctx) }),
  'email_changes.purge': async (ctx) => ({ emailChanges: await purgeEmailChanges(ctx) }),
  'throttles.purge': async (ctx) => ({ throttles: await purgeThrottles(ctx) }),
  'user_avatars.sweep': async (ctx, _payload, job) => ({ avatars: await sweepUserAvatars(ctx, job) }),
  'sign-in-challenges.purge': async (ctx) => ({ challenges: await purgeSignInChallenges(ctx) }),
};

export const identitySchedules: readonly Schedule[] = [
  { name: 'sessions.purge', cron: '25 * * * *', kind: 'sessions.purge' },
  { name: 'oidc.purge', cron: '45 * * * *', kind: 'oidc.purge' },
  { name: 'email_changes.purge', cron: '45 3 * * *', kind: 'email_changes.purge' },
  { name: 'user_avatars.sweep', cron: '30 3 * * *', kind: 'user_avatars.sweep' },
  { name: 'throttles.purge', cron: '35 * * * *', kind: 'throttles.purge' },
  { name: 'sign-in-challenges.purge', cron: '45 * * * *', kind: 'sign-in-challenges.purge' },
];
