import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { RowCache } from '../database/row-cache.ts';
import { current, statement } from '../database/statement.ts';
import { cacheAgeMs } from '../identity/index.ts';
import { WebhookEntity } from './webhook.entity.ts';

const activeOnes = statement((db) =>
  db
    .selectFrom('webhooks')
    .select(['webhooks.organization_id as organizationId', 'webhooks.id', 'webhooks.events'])
    .where('webhooks.organization_id', '=', current.organization)
    .where('webhooks.is_active', '=', true)
    .orderBy('webhooks.id'),
);

/** An unreadable filter must not prevent the sealing of events. */
const Patterns = z.array(z.string()).catch([]);

async function loadActive(database: Database, organizationId: string) {
  const scope = { door: 'request', principal: null, organizationId, userId: null } as const;
  const rows = await database.read(scope, (db) => db.run(activeOnes, {}));
  return rows.map((row) => ({ ...row, events: Patterns.parse(row.events) }));
}

/**
 * The active webhooks of an organization, by its id. Most organizations have none, so their events cost no statement. Another server may
 * not know a new webhook for some seconds: `catchUp` adds the deliveries that it has missed.
 */
export const activeWebhooks = new RowCache(cacheAgeMs, loadActive).readFrom(WebhookEntity, { organizationId: 'key' }, [
  'isActive',
  'events',
]);
