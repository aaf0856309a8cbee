import { sql } from 'kysely';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { findRow } from '../database/rows.ts';
import { anyOf } from '../database/sql.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { mac } from './keys.ts';
import { hashOf, newSecret } from './secret.ts';
import { RefreshTokenEntity, SessionEntity } from './session.entity.ts';
import { type SessionEnd, sessionEvents } from './session.events.ts';
import { sessions } from './session.record.ts';
import type { SignInTransport } from './transport.ts';
import { UserEntity } from './user.entity.ts';
import { userEvents } from './user.events.ts';

const dayMs = 86_400_000;

/**
 * How many sessions a user can have. Starting another one ends the least recently used one (B3). Sessions that are valid in one
 * organization only are counted separately, so that the organization's issuer cannot end the user's other sessions.
 */
const mostSessions = 3;

export interface NewSession {
  userId: string;
  deviceId: string | null;
  /** The initial active organization. */
  organizationId: string | null;
  /** The OpenID Connect issuer that identified the user. @default none */
  issuer?: string;
  /** The only organization in which the session is valid. @default null, valid everywhere */
  limitedToId?: string | null;
}

/**
 * How long a used refresh token still gets the same successor, in milliseconds, so that parallel refreshes of one client and lost
 * answers do no harm.
 */
const refreshGraceMs = 10_000;

/** A session with its refresh token. The token is in plain text only here. */
export interface OpenSession {
  userId: string;
  sessionId: string;
  refreshToken: string;
}

const expiry = (unit: Unit): Date => new Date(unit.now.getTime() + unit.ctx.settings.refreshTokenDays * dayMs);

/** Locks the user's row, as `startSession` requires, and records the sign-in time. Answers whether the user is active. */
export async function lockForSignIn(unit: Unit, userId: string): Promise<boolean> {
  return (await unit.update(UserEntity, { id: userId, isActive: true }, { lastLoginAt: unit.now })) === 1;
}

/** Ends the least recently used sessions of a user, so that one more is within the limit. Returns how many it ended. */
async function endExcessSessions(unit: Unit, { userId, limitedToId = null }: NewSession): Promise<number> {
  const active = await activeSessionsOf(unit, userId)
    .where('limited_to_id', limitedToId === null ? 'is' : '=', limitedToId)
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return revokeSessions(unit, active.slice(mostSessions - 1), 'too_many');
}

/**
 * Starts a session, and ends the least recently used ones above the limit. Runs behind the identity door. The caller must have
 * locked the user's row, so that parallel sign-ins count each other's session.
 */
export async function startSession(unit: Unit, session: NewSession, transport: SignInTransport): Promise<OpenSession> {
  await endExcessSessions(unit, session);
  return insertSession(unit, session, transport);
}

/** Selects the active sessions that the door shows. */
export const activeSessions = ({ db, now }: Unit) =>
  db
    .selectFrom('sessions')
    .select(['id', 'user_id as userId'])
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`expires_at > ${now}`);

const activeSessionsOf = (unit: Unit, userId: string) => activeSessions(unit).where('user_id', '=', userId);

/** Starts a session, even above the limit. */
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
  const data = { sessionId: id, deviceId, address: unit.ctx.address, ...(issuer !== undefined && { issuer }) };
  await recordEvents(unit, userEvents.signed_in.about(userId, { data, actorId: userId }));
  return { userId, sessionId: id, refreshToken };
}

const insertRefreshToken = (unit: Unit, sessionId: string, userId: string, token: string): Promise<void> =>
  unit.insert(RefreshTokenEntity, { hash: hashOf(token), sessionId, userId, createdAt: unit.now });

const signInAgain = () =>
  errors.unauthenticated({ message: 'Sign in again: the refresh token is missing, expired, or was used before.' });

/** Locks the session of a current or used refresh token. Answers null when the token is unknown. */
async function loadByToken(unit: Unit, hash: string) {
  const known = await findRow(unit.db, RefreshTokenEntity, { hash });
  if (!known) return null;
  const [session] = await sessions.lockMany(unit, { id: known.sessionId });
  // Read it again under the lock: a parallel refresh may have used the token meanwhile.
  const token = await findRow(unit.db, RefreshTokenEntity, { hash });
  if (!session || !token) throw signInAgain();
  return { session, spentAt: token.spentAt };
}

/**
 * Takes a refresh token and answers its successor. For 10 seconds a used token gets the same successor. A later use ends the
 * session, because one of the two users of the token has stolen it.
 * @throws `unauthenticated`
 */
export async function rotateRefreshToken(ctx: ServiceContext, token: string): Promise<OpenSession> {
  const hash = hashOf(token);
  // The successor is derived, so every request gets the same one without storing it.
  const successor = mac(ctx.settings, 'refresh-token', token).toString('base64url');
  // The end of the session must be committed, so the error is thrown outside the transaction.
  const rotated = await writeThroughIdentityDoor(ctx, async (unit) => {
    const found = await loadByToken(unit, hash);
    if (!found) return null;
    const { session, spentAt } = found;
    const { id: sessionId, userId } = session;
    const user = await findRow(unit.db, UserEntity, { id: userId });
    const expired = Date.parse(session.expiresAt) <= unit.now.getTime();
    if (session.revokedAt !== null || expired || !user?.isActive) return null;
    if (spentAt !== null && unit.now.getTime() - Date.parse(spentAt) > refreshGraceMs) {
      await revokeSessions(unit, [{ id: sessionId, userId }], 'refresh_token_reused');
      return null;
    }
    if (spentAt === null) {
      await unit.update(RefreshTokenEntity, { hash }, { spentAt: unit.now });
      await insertRefreshToken(unit, sessionId, userId, successor);
      await unit.update(SessionEntity, { id: sessionId }, { lastUsedAt: unit.now, expiresAt: expiry(unit) });
    }
    return { userId, sessionId, refreshToken: successor };
  });
  if (!rotated) throw signInAgain();
  return rotated;
}

/** Ends these sessions. The actor is the signed-in user, or else the user of the session. Answers how many it ended. */
async function revokeSessions(
  unit: Unit,
  ended: readonly { id: string; userId: string }[],
  reason: SessionEnd,
): Promise<number> {
  if (ended.length === 0) return 0;
  const ids = ended.map(({ id }) => id);
  await unit.update(SessionEntity, { id: ids }, { revokedAt: unit.now });
  await recordEvents(
    unit,
    ...ended.map(({ id, userId }) =>
      sessionEvents.ended.about(id, { data: { userId, reason }, actorId: unit.ctx.principal?.userId ?? userId }),
    ),
  );
  return ended.length;
}

/** Ends all active sessions of a user except `kept`. Answers how many it ended. */
export async function endSessionsOf(
  unit: Unit,
  userId: string,
  reason: SessionEnd,
  kept: string | null = null,
): Promise<number> {
  const active = await activeSessionsOf(unit, userId).execute();
  return revokeSessions(
    unit,
    active.filter(({ id }) => id !== kept),
    reason,
  );
}

/** Ends those of the sessions that are still active, as far as the door shows them. Answers how many it ended. */
export async function endSessions(unit: Unit, ids: readonly string[], reason: SessionEnd): Promise<number> {
  const active = await activeSessions(unit)
    .where(anyOf(unit.db.dialect, 'id', ids))
    .execute();
  return revokeSessions(unit, active, reason);
}

/** Ends the session of a current or used refresh token. Does nothing for an unknown token. */
export async function endSession(ctx: ServiceContext, token: string): Promise<void> {
  await writeThroughIdentityDoor(ctx, async (unit) => {
    const found = await loadByToken(unit, hashOf(token));
    if (found) await endSessions(unit, [found.session.id], 'logout');
  });
}

/** Sets the active organization of the current session. */
export async function setActiveOrganization(unit: Unit, organizationId: string): Promise<void> {
  const sessionId = unit.ctx.principal?.sessionId;
  if (!sessionId) return;
  await unit.update(SessionEntity, { id: sessionId }, { organizationId });
}
