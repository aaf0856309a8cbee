import type { Database } from '../database/database.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { RowCache } from '../database/row-cache.ts';
import { statement } from '../database/statement.ts';
import type { Clock } from '../kernel/clock.ts';
import { errors } from '../kernel/errors.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { verifyAccessToken } from './access-token.ts';
import { SessionEntity } from './session.entity.ts';
import { UserEntity } from './user.entity.ts';

/** A valid API key. */
export interface PresentedApiKey {
  id: string;
  /** The only organization in which the key works. */
  organizationId: string;
  /** The permissions to which the grants of its user are narrowed. */
  scopes: ReadonlySet<string>;
}

/** The user of an active session or of an API key. */
export interface Identity {
  userId: string;
  /** Null for an API key. */
  sessionId: string | null;
  /** @default not an API key */
  apiKey?: PresentedApiKey;
  emailVerified: boolean;
  /** The session's active organization, whether or not its user is still a member there. */
  activeOrganizationId: string | null;
  /** When the session started, in milliseconds since the epoch; null without a session. */
  sessionStartedAt: number | null;
  /** The only organization in which the session is valid. @default null, valid everywhere */
  limitedToId?: string | null;
  /** @default false */
  instanceAdmin?: boolean;
}

interface ActiveSession extends Identity {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** How long a process may go on accepting a session that another process has ended. */
export const cacheAgeMs = 3000;

const sessionById = statement((db, { sessionId }: { sessionId: string }) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.user_id as userId',
      'sessions.organization_id as activeOrganizationId',
      'sessions.limited_to_id as limitedToId',
      'sessions.created_at as createdAt',
      'sessions.expires_at as expiresAt',
      'sessions.revoked_at as revokedAt',
      'users.is_active as isActive',
      'users.email_verified_at as emailVerifiedAt',
      'users.instance_admin_since as instanceAdminSince',
    ])
    .where('sessions.id', '=', sessionId),
);

async function loadActiveSession(database: Database, sessionId: string): Promise<ActiveSession | null> {
  const [row] = await readThroughIdentityDoor(database, (db) => db.run(sessionById, { sessionId }));
  if (!row || row.revokedAt !== null || !row.isActive) return null;
  const { userId, activeOrganizationId, limitedToId } = row;
  const emailVerified = row.emailVerifiedAt !== null;
  return {
    userId,
    sessionId,
    emailVerified,
    activeOrganizationId,
    limitedToId,
    sessionStartedAt: Date.parse(row.createdAt),
    instanceAdmin: row.instanceAdminSince !== null,
    expiresAt: Date.parse(row.expiresAt),
  };
}

/** By the id of the session. */
export const sessionCache = new RowCache(cacheAgeMs, loadActiveSession)
  .readFrom(SessionEntity, { id: 'key', userId: ({ userId }) => [userId] }, [
    'organizationId',
    'limitedToId',
    'expiresAt',
    'revokedAt',
  ])
  .readFrom(UserEntity, { id: ({ userId }) => [userId] }, ['isActive', 'emailVerifiedAt', 'instanceAdminSince']);

/**
 * Answers who sent an access token. What it knows about the session is at most 3 seconds old.
 * @throws `unauthenticated` when the token is not ours or expired, the session has ended, or the user is not active
 */
export async function authenticate(
  database: Database,
  settings: CoreSettings,
  clock: Clock,
  accessToken: string,
): Promise<Identity> {
  const now = clock.now();
  const { userId, sessionId } = await verifyAccessToken(settings, now, accessToken);
  const session = await sessionCache.get(database, sessionId, now);
  if (!session || session.userId !== userId || session.expiresAt <= now.getTime()) throw errors.unauthenticated();
  return session;
}
