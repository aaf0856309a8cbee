import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { mutate } from '../database/unit-of-work.ts';
import type { ById, Page } from '../kernel/schemas.ts';
import { sessionErrors, sessions } from './session.record.ts';
import type { LogoutAll, Session, SessionListInput, SessionsEnded } from './session.schema.ts';
import { endSessions, endSessionsOf } from './session.service.ts';
import { requireSignedIn } from './signed-in.ts';

/** Lists the active sessions of the signed-in user. @throws `unauthenticated` */
export async function listOwnSessions(ctx: ServiceContext, input: SessionListInput): Promise<Page<Session>> {
  requireSignedIn(ctx);
  const { userId, sessionId } = ctx.principal;
  return read(ctx, (db) => {
    const active = sessions
      .from(db)
      .where('sessions.user_id', '=', userId)
      .where('sessions.revoked_at', 'is', null)
      .where(sql<boolean>`sessions.expires_at > ${ctx.clock.now()}`);
    return sessions.page(ctx, db, input, active, 'sessions', async (rows) =>
      rows.map((row) => sessions.show(row, { isCurrent: row.id === sessionId })),
    );
  });
}

/**
 * Ends one session of the signed-in user, which may be the current one.
 * @throws `unauthenticated`, `session_not_found`
 */
export async function endOwnSession(ctx: ServiceContext, { id }: ById): Promise<void> {
  requireSignedIn(ctx);
  await mutate(ctx, async (unit) => {
    // The walls of a request show the caller's own sessions only.
    if ((await endSessions(unit, [id], 'ended_by_user')) === 0) throw sessionErrors.session_not_found();
  });
}

/** Ends all sessions of the signed-in user, or all but the current one. @throws `unauthenticated` */
export async function logoutAll(ctx: ServiceContext, { keepCurrent }: LogoutAll): Promise<SessionsEnded> {
  requireSignedIn(ctx);
  const { userId, sessionId } = ctx.principal;
  const kept = keepCurrent ? sessionId : null;
  return mutate(ctx, async (unit) => ({ ended: await endSessionsOf(unit, userId, 'logout_all', kept) }));
}
