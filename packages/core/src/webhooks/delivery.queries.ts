import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { authorize } from '../access/index.ts';
import { readSentEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { findLogEnd, type LogPageRequest, readLogPage } from '../database/log-pages.ts';
import { pageRequest } from '../database/paging.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { firstIdAt, lastIdAt } from '../kernel/ids.ts';
import type { DeliveryListInput, DeliveryPath, WebhookDelivery, WebhookDeliveryPage } from './delivery.schema.ts';
import type { Attempt } from './webhook.entity.ts';
import { webhookErrors } from './webhook.errors.ts';
import { webhooks } from './webhook.record.ts';

const columns = [
  'webhook_deliveries.id',
  'webhook_deliveries.webhook_id as webhookId',
  'webhook_deliveries.event_id as eventId',
  'webhook_deliveries.event_type as eventType',
  'webhook_deliveries.status',
  'webhook_deliveries.log',
  'webhook_deliveries.next_attempt_at as nextAttemptAt',
  'webhook_deliveries.created_at as createdAt',
] as const;

interface Row extends Omit<WebhookDelivery, 'attempts' | 'payload'> {
  log: Attempt[];
}

/** Shows deliveries with their payloads, if the reader sees the events. */
async function showDeliveries(db: ReadDoor, rows: readonly Row[]): Promise<WebhookDelivery[]> {
  const sent = await readSentEvents(
    db,
    rows.map(({ eventId }) => eventId),
  );
  return rows.map(({ id, webhookId, eventId, eventType, status, log, nextAttemptAt, createdAt }) => ({
    id,
    webhookId,
    eventId,
    eventType,
    status,
    attempts: log,
    nextAttemptAt,
    payload: sent.get(eventId) ?? null,
    createdAt,
  }));
}

const id = sql.ref('webhook_deliveries.id');

/**
 * Failed deliveries have an index. Pending ones are new, so a scan from the newest delivery finds them soon. The id of a delivery begins
 * with the instant of its creation, so a range of instants is a range of ids.
 */
function logOf({
  webhookId,
  status,
  createdAfter,
  createdBefore,
}: DeliveryListInput): Pick<LogPageRequest<'webhook_deliveries'>, 'parts' | 'checks'> {
  const all = (db: ReadDoor) => {
    let rows = db.selectFrom('webhook_deliveries').where('webhook_deliveries.webhook_id', '=', webhookId);
    if (createdAfter !== undefined) rows = rows.where('webhook_deliveries.id', '>=', firstIdAt(new Date(createdAfter)));
    if (createdBefore !== undefined)
      rows = rows.where('webhook_deliveries.id', '<=', lastIdAt(new Date(createdBefore)));
    return rows;
  };
  const has = (one: string): RawBuilder<SqlBool> => sql`webhook_deliveries.status = ${sql.lit(one)}`;
  if (status === undefined) return { parts: (db) => [all(db)], checks: [] };
  if (status === 'failed') return { parts: (db) => [all(db).where(has(status))], checks: [] };
  return { parts: (db) => [all(db)], checks: [has(status)] };
}

/**
 * Lists the deliveries of a webhook, newest first. When a filter leaves out rows, a page reads at most 2,000 deliveries.
 * @throws `webhook_not_found`
 */
export async function listDeliveries(ctx: ServiceContext, input: DeliveryListInput): Promise<WebhookDeliveryPage> {
  authorize(ctx, 'webhook:read');
  const log = {
    ...logOf(input),
    order: { by: id, descending: true, id },
    request: pageRequest(ctx, `deliveries of ${input.webhookId}`, '-id', input),
  };
  return read(ctx, async (db) => {
    await webhooks.get(db, input.webhookId);
    const end = log.checks?.length === 0 ? null : await findLogEnd(db, log);
    const { rows, nextCursor } = await readLogPage(db, log, end, (keys) =>
      db
        .selectFrom(keys.as('page'))
        .innerJoin('webhook_deliveries', (join) =>
          join.onRef('webhook_deliveries.id', '=', 'page.id').on('webhook_deliveries.webhook_id', '=', input.webhookId),
        )
        .select([...columns, 'page.sortValue'])
        .orderBy('page.sortValue', 'desc')
        .orderBy('page.id', 'desc')
        .execute(),
    );
    return { data: await showDeliveries(db, rows), nextCursor };
  });
}

/** @throws `webhook_not_found`, `delivery_not_found` */
export async function getDelivery(
  ctx: ServiceContext,
  { webhookId, deliveryId }: DeliveryPath,
): Promise<WebhookDelivery> {
  authorize(ctx, 'webhook:read');
  return read(ctx, async (db) => {
    await webhooks.get(db, webhookId);
    return readDelivery(db, webhookId, deliveryId);
  });
}

/** @throws `delivery_not_found` */
export async function readDelivery(db: ReadDoor, webhookId: string, deliveryId: string): Promise<WebhookDelivery> {
  const rows = await db
    .selectFrom('webhook_deliveries')
    .select(columns)
    .where('webhook_deliveries.webhook_id', '=', webhookId)
    .where('webhook_deliveries.id', '=', deliveryId)
    .execute();
  const [delivery] = await showDeliveries(db, rows);
  if (!delivery) throw webhookErrors.delivery_not_found();
  return delivery;
}
