import type { Database } from '../../database/database.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { RowCache } from '../../database/row-cache.ts';
import { statement } from '../../database/statement.ts';
import { cacheAgeMs, type Identity, type PresentedApiKey, UserEntity } from '../../identity/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { errors } from '../../kernel/errors.ts';
import { ApiKeyEntity } from './api-key.entity.ts';
import { hashOf } from './api-key.secret.ts';
import { noteUse } from './api-key.usage.ts';

interface ActiveKey extends PresentedApiKey {
  userId: string;
  emailVerified: boolean;
  /** In milliseconds since the epoch. Null: it never expires. */
  expiresAt: number | null;
  /** In milliseconds since the epoch. Null: it was never used. */
  lastUsedAt: number | null;
}

const keyByHash = statement((db, { hash }: { hash: string }) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select([
      'api_keys.id',
      'api_keys.organization_id as organizationId',
      'api_keys.user_id as userId',
      'api_keys.scopes',
      'api_keys.expires_at as expiresAt',
      'api_keys.last_used_at as lastUsedAt',
      'users.email_verified_at as emailVerifiedAt',
    ])
    .where('api_keys.secret_hash', '=', hash)
    .where('api_keys.is_active', '=', true)
    .where('users.is_active', '=', true),
);

async function loadActiveKey(database: Database, hash: string): Promise<ActiveKey | null> {
  const [row] = await readThroughIdentityDoor(database, (db) => db.run(keyByHash, { hash }));
  if (!row) return null;
  const { scopes, expiresAt, lastUsedAt, emailVerifiedAt, ...key } = row;
  return {
    ...key,
    scopes: new Set(scopes),
    emailVerified: emailVerifiedAt !== null,
    expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : Date.parse(lastUsedAt),
  };
}

/** By the hash of the key. */
export const apiKeyCache = new RowCache(cacheAgeMs, loadActiveKey)
  .readFrom(ApiKeyEntity, { secretHash: 'key', id: ({ id }) => [id], userId: ({ userId }) => [userId] })
  .readFrom(UserEntity, { id: ({ userId }) => [userId] }, ['isActive', 'emailVerifiedAt']);

/**
 * Identifies the user of an API key. The row of the key may come from a cache that is at most 3 seconds old. `loadPrincipal`
 * checks whether the user is still a member. A key never gives the rights of an instance administrator.
 * @throws `unauthenticated` when no such key exists, it is inactive or expired, or its user is inactive
 */
export async function authenticateApiKey(database: Database, clock: Clock, secret: string): Promise<Identity> {
  const now = clock.now();
  const hash = hashOf(secret);
  const key = await apiKeyCache.get(database, hash, now);
  if (!key || (key.expiresAt !== null && key.expiresAt <= now.getTime())) throw errors.unauthenticated();
  const { id, organizationId, scopes, userId, emailVerified } = key;
  noteUse(database, key, now);
  return {
    userId,
    sessionId: null,
    apiKey: { id, organizationId, scopes },
    emailVerified,
    activeOrganizationId: organizationId,
    sessionStartedAt: null,
  };
}
