import type { Database } from '../database/database.ts';
import { forgetAll } from '../database/row-cache.ts';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { sessionCache } from '../identity/authenticate.ts';
import type { Platform } from '../platform.ts';
import { apiKeyCache } from '../tenancy/api-keys/api-key.authenticate.ts';
import { principalCache } from '../tenancy/principals/principal.load.ts';
import { activeWebhooks } from '../webhooks/webhook.cache.ts';
import { nameCache } from '../work/tasks/task.names.ts';

/** How many of the newest rows are cached. Operations of a test concern what it has just made. */
const newest = 40;

/** Fills the empty caches of a platform from the newest sessions, users and API keys, and from some users who are older. */
export async function warmCaches({ database }: Pick<Platform, 'database'>, userIds: readonly string[]): Promise<void> {
  forgetAll(database);
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
  await warmNames(database, userIds, now);
  for (const hash of apiKeys ?? []) await apiKeyCache.get(database, hash, now);
}

/** Caches the names of the newest members and tags in the organizations of some users. */
async function warmNames(database: Database, userIds: readonly string[], now: Date): Promise<void> {
  const memberships = await readThroughSystemDoor(database, (db) =>
    db.selectFrom('memberships').select('organization_id as id').distinct().where('user_id', 'in', userIds).execute(),
  );
  for (const { id: organizationId } of memberships) {
    await activeWebhooks.get(database, organizationId, now);
    const names = await nameCache.get(database, organizationId, now);
    await database.read({ door: 'request', principal: null, organizationId, userId: null }, async (db) => {
      const members = await db.selectFrom('memberships').select('user_id as id').execute();
      const tags = await db.selectFrom('tags').select('id').orderBy('id', 'desc').limit(newest).execute();
      const [personIds, tagIds] = [members, tags].map((rows) => rows.map(({ id }) => id));
      await names?.load(db, [personIds ?? []], [tagIds ?? []]);
    });
  }
}
