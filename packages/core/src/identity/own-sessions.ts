import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import { read } from '../database/read-door.ts';
import { mutate } from '../database/unit-of-work.ts';
import { defineErrors } from '../kernel/errors.ts';
import type { Page } from '../kernel/schemas.ts';
import type { LogoutAll, Session, SessionId, SessionListInput, SessionsEnded } from './session.schema.ts';
import { endSessionOf, endSessionsOf } from './session.service.ts';
import { requireSignedIn } from './signed-in.ts';

export const sessionErrors = defineErrors({
  session_not_found: { kind: 'not_found', message: 'There is no such session, or it has ended.' },
});

/** Lists the active sessions of the signed-in user. @throws `unauthenticated` */
export async function listOwnSessions(ctx: ServiceContext, input: SessionListInput): Promise<Page<Session>> {
  requireSignedIn(ctx);
  const { userId, sessionId } = ctx.principal;
  const columns = { createdAt: { by: sql`sessions.created_at` }, lastUsedAt: { by: sql`sessions.last_used_at` } };
  const request = pageRequest(ctx, 'sessions', input.sort, input);
  return read(ctx, async (db) => {
    const query = db
      .selectFrom('sessions')
      .where('sessions.user_id', '=', userId)
      .where('sessions.revoked_at', 'is', null)
      .where(sql<boolean>`sessions.expires_at > ${ctx.clock.now()}`);
    const selected = query.select([
      'sessions.id',
      'sessions.device_id as deviceId',
      'sessions.user_agent as userAgent',
      'sessions.address',
      'sessions.limited_to_id as limitedToId',
      'sessions.created_at as createdAt',
      'sessions.last_used_at as lastUsedAt',
      'sessions.expires_at as expiresAt',
    ]);
    const { rows, nextCursor } = await readPage(selected, orderOf(input.sort, columns, sql`sessions.id`), request);
    const data = rows.map(({ sortValue: _sortValue, ...row }) => ({ ...row, isCurrent: row.id === sessionId }));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/**
 * Ends one session of the signed-in user, which may be the current one.
 * @throws `unauthenticated`, `session_not_found`
 */
export async function endOwnSession(ctx: ServiceContext, { id }: SessionId): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    if (!(await endSessionOf(unit, userId, id, 'ended_by_user'))) throw sessionErrors.session_not_found();
    return null;
  });
}

/** Ends all sessions of the signed-in user, or all but the current one. @throws `unauthenticated` */
export async function logoutAll(ctx: ServiceContext, { keepCurrent }: LogoutAll): Promise<SessionsEnded> {
  requireSignedIn(ctx);
  const { userId, sessionId } = ctx.principal;
  const kept = keepCurrent ? sessionId : null;
  return mutate(ctx, async (unit) => ({ ended: await endSessionsOf(unit, userId, 'logout_all', kept) }));
}
