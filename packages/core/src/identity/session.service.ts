import { sql } from 'kysely';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { anyOf } from '../database/sql.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { forgetSession } from './authenticate.ts';
import { refreshGraceMs, successorOf } from './refresh-token.ts';
import { hashOf, newSecret } from './secret.ts';
import { RefreshTokenEntity, SessionEntity } from './session.entity.ts';
import type { SignInTransport } from './transport.ts';

const dayMs = 86_400_000;

/**
 * How many sessions a user has at most: starting another ends the one that was not used for the longest (B3). Those that hold in
 * one organization only are counted apart, so that its issuer cannot end the others.
 */
const mostSessions = 3;

export interface NewSession {
  userId: string;
  deviceId: string | null;
  /** The active organization to begin with. */
  organizationId: string | null;
  /** The OpenID Connect issuer that said who it is. @default none: a password */
  issuer?: string;
  /** The organization in which alone it holds. @default null, everywhere */
  limitedToId?: string | null;
}

/** A session with the refresh token that belongs to it: the only time that the token is in the clear. */
export interface OpenSession {
  userId: string;
  sessionId: string;
  refreshToken: string;
}

const expiry = (unit: Unit): Date => new Date(unit.now.getTime() + unit.ctx.settings.refreshTokenDays * dayMs);

/** Holds the row of the user, as starting a session asks for, and notes the sign-in. Answers whether they are active. */
export async function lockForSignIn(unit: Unit, userId: string): Promise<boolean> {
  const { numUpdatedRows } = await unit.db
    .updateTable('users')
    .set({ last_login_at: sql<string>`${unit.now}` })
    .where('id', '=', userId)
    .where('is_active', '=', true)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/**
 * Begins a session, and ends the least recently used ones that are too many. Runs behind the identity door, with the user's row
 * locked, so that two sign-ins at once count each other.
 */
export async function startSession(unit: Unit, session: NewSession, transport: SignInTransport): Promise<OpenSession> {
  await endExcessSessions(unit, session);
  return insertSession(unit, session, transport);
}

async function endExcessSessions(unit: Unit, { userId, limitedToId = null }: NewSession): Promise<void> {
  const living = await livingSessionsOf(unit, userId)
    .where('limited_to_id', limitedToId === null ? 'is' : '=', limitedToId)
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const tooMany = living.slice(mostSessions - 1);
  if (tooMany.length > 0) await revokeSessions(unit, tooMany, 'too_many');
}

interface LivingSession {
  id: string;
  userId: string;
}

const livingSessions = ({ db, now }: Unit) =>
  db
    .selectFrom('sessions')
    .select(['id', 'user_id as userId'])
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`expires_at > ${now}`);

const livingSessionsOf = (unit: Unit, userId: string) => livingSessions(unit).where('user_id', '=', userId);

/** Begins a session, however many there are. */
export async function insertSession(unit: Unit, session: NewSession, transport: SignInTransport): Promise<OpenSession> {
  const { userId, deviceId, organizationId, issuer, limitedToId = null } = session;
  const id = uuidv7();
  const refreshToken = newSecret();
  await unit.insert(SessionEntity, {
    id,
    userId,
    deviceId,
    organizationId,
    limitedToId,
    userAgent: transport.userAgent?.slice(0, 500) ?? null,
    address: unit.ctx.address,
    createdAt: unit.now,
    lastUsedAt: unit.now,
    expiresAt: expiry(unit),
  });
  await insertRefreshToken(unit, id, userId, refreshToken);
  await recordEvents(unit, {
    type: 'user.signed_in',
    entity: { type: 'user', id: userId },
    data: { sessionId: id, deviceId, address: unit.ctx.address, ...(issuer !== undefined && { issuer }) },
    actorId: userId,
    organizationId: null,
  });
  return { userId, sessionId: id, refreshToken };
}

const insertRefreshToken = (unit: Unit, sessionId: string, userId: string, token: string): Promise<void> =>
  unit.insert(RefreshTokenEntity, { hash: hashOf(token), sessionId, userId, createdAt: unit.now });

const signInAgain = () =>
  errors.unauthenticated({ message: 'Sign in again: the refresh token is missing, expired, or was used before.' });

/** The session of a refresh token, current or spent, locked until commit; null when nobody knows the token. */
async function loadByToken(unit: Unit, hash: string) {
  const known = await unit.db
    .selectFrom('refresh_tokens')
    .select('session_id')
    .where('hash', '=', hash)
    .executeTakeFirst();
  if (!known) return null;
  const session = await unit.load(SessionEntity, { id: known.session_id }, signInAgain);
  // Read under the lock: a parallel refresh may have spent it in between.
  const token = await unit.db
    .selectFrom('refresh_tokens')
    .select('spent_at')
    .where('hash', '=', hash)
    .executeTakeFirstOrThrow();
  return { session, spentAt: token.spent_at };
}

/**
 * Takes a refresh token and answers its successor. Within 10 seconds a spent one answers the same successor; after that, using
 * it again ends the session: one of the two who hold it has stolen it.
 * @throws `unauthenticated`
 */
export async function rotateRefreshToken(ctx: ServiceContext, token: string): Promise<OpenSession> {
  const hash = hashOf(token);
  const successor = successorOf(ctx.settings, token);
  // The end of a session must be committed, so what it is answered with is thrown outside.
  const rotated = await writeThroughIdentityDoor(ctx, async (unit) => {
    const found = await loadByToken(unit, hash);
    if (!found) return null;
    const { session, spentAt } = found;
    const { id: sessionId, userId } = session;
    const user = await unit.db
      .selectFrom('users')
      .select('is_active')
      .where('id', '=', userId)
      .executeTakeFirstOrThrow();
    if (session.revokedAt != null || session.expiresAt <= unit.now || !user.is_active) return null;
    if (spentAt !== null && unit.now.getTime() - Date.parse(spentAt) > refreshGraceMs) {
      await revokeSessions(unit, [{ id: sessionId, userId }], 'refresh_token_reused');
      return null;
    }
    if (spentAt === null) {
      await unit.db
        .updateTable('refresh_tokens')
        .set({ spent_at: sql<string>`${unit.now}` })
        .where('hash', '=', hash)
        .execute();
      await insertRefreshToken(unit, sessionId, userId, successor);
      session.lastUsedAt = unit.now;
      session.expiresAt = expiry(unit);
      unit.afterCommit(() => forgetSession(ctx.database, sessionId));
    }
    return { userId, sessionId, refreshToken: successor };
  });
  if (!rotated) throw signInAgain();
  return rotated;
}

/** Why a session ended, as its event tells. */
export type SessionEnd =
  | 'logout'
  | 'logout_all'
  | 'ended_by_user'
  | 'refresh_token_reused'
  | 'too_many'
  | 'password_changed'
  | 'password_reset'
  | 'email_change_undone'
  | 'deactivated'
  | 'ended_by_administrator'
  | 'ended_by_issuer'
  | 'issuer_removed'
  | 'identity_unlinked';

/** Ends these sessions. Whose they are is the actor, unless somebody is signed in. */
async function revokeSessions(unit: Unit, sessions: readonly LivingSession[], reason: SessionEnd): Promise<void> {
  const { dialect } = unit.ctx.database.engine;
  const ids = sessions.map(({ id }) => id);
  await unit.db
    .updateTable('sessions')
    .set({ revoked_at: sql<string>`${unit.now}` })
    .where(anyOf(dialect, 'id', ids))
    .execute();
  unit.afterCommit(() => {
    for (const id of ids) forgetSession(unit.ctx.database, id);
  });
  await recordEvents(
    unit,
    ...sessions.map(({ id, userId }) => ({
      type: 'session.ended',
      entity: { type: 'session', id },
      data: { userId, reason },
      actorId: unit.ctx.principal?.userId ?? userId,
      organizationId: null,
    })),
  );
}

/** Ends the living sessions of a user, all but one if that is given. Answers how many that were. */
export async function endSessionsOf(
  unit: Unit,
  userId: string,
  reason: SessionEnd,
  kept: string | null = null,
): Promise<number> {
  const living = (await livingSessionsOf(unit, userId).execute()).filter(({ id }) => id !== kept);
  if (living.length > 0) await revokeSessions(unit, living, reason);
  return living.length;
}

/** Ends those of some sessions that are alive, whosever they are. Answers how many that were. */
export async function endSessions(unit: Unit, ids: readonly string[], reason: SessionEnd): Promise<number> {
  const { dialect } = unit.ctx.database.engine;
  const living = await livingSessions(unit)
    .where(anyOf(dialect, 'id', ids))
    .execute();
  if (living.length > 0) await revokeSessions(unit, living, reason);
  return living.length;
}

/** Ends one living session of a user. Answers whether there was one. */
export async function endSessionOf(
  unit: Unit,
  userId: string,
  sessionId: string,
  reason: SessionEnd,
): Promise<boolean> {
  const found = await livingSessionsOf(unit, userId).where('id', '=', sessionId).executeTakeFirst();
  if (!found) return false;
  await revokeSessions(unit, [found], reason);
  return true;
}

/** Ends the session of a refresh token, current or spent. A token that is not known is nothing to end. */
export async function endSession(ctx: ServiceContext, token: string): Promise<void> {
  await writeThroughIdentityDoor(ctx, async (unit) => {
    const found = await loadByToken(unit, hashOf(token));
    if (!found) return;
    const { id, userId } = found.session;
    await endSessionOf(unit, userId, id, 'logout');
  });
}

/** Makes an organization the active one of the session of who is signed in. */
export async function setActiveOrganization(unit: Unit, organizationId: string): Promise<void> {
  const sessionId = unit.ctx.principal?.sessionId;
  if (!sessionId) return;
  await unit.db.updateTable('sessions').set({ organization_id: organizationId }).where('id', '=', sessionId).execute();
  unit.afterCommit(() => forgetSession(unit.ctx.database, sessionId));
}
