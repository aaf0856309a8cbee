import { readThroughSystemDoor } from '../database/system-door.ts';
import { sessionCache } from '../identity/authenticate.ts';
import type { Platform } from '../platform.ts';
import { apiKeyCache } from '../tenancy/api-keys/api-key.authenticate.ts';
import { principalCache } from '../tenancy/principals/principal.load.ts';

/** How many of the newest rows are cached. Operations of a test concern what it has just made. */
const newest = 40;

/** Fills the caches of a platform from the newest sessions, users and API keys, and from some users who are older. */
export async function warmCaches({ database }: Pick<Platform, 'database'>, userIds: readonly string[]): Promise<void> {
  const now = new Date();
  const keys = await readThroughSystemDoor(database, (db) =>
    Promise.all([
      db.selectFrom('sessions').select('id as key').orderBy('id', 'desc').limit(newest).execute(),
      db.selectFrom('users').select('id as key').orderBy('id', 'desc').limit(newest).execute(),
      db.selectFrom('api_keys').select('secret_hash as key').orderBy('id', 'desc').limit(newest).execute(),
    ]),
  );
  const [sessions, users, apiKeys] = keys.map((rows) => rows.map(({ key }) => key));
  for (const id of sessions ?? []) await sessionCache.get(database, id, now);
  for (const id of new Set([...(users ?? []), ...userIds])) await principalCache.get(database, id, now);
  for (const hash of apiKeys ?? []) await apiKeyCache.get(database, hash, now);
}
