import { sql, type SqlBool } from 'kysely';
import { authorize } from '../access/index.ts';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { type Job, type JobPayload, type JobRun, startJob, stepRows } from '../jobs/index.ts';
import { firstIdAt, uuidv7At } from '../kernel/ids.ts';
import type { ById } from '../kernel/schemas.ts';
import { jobPrincipal } from '../tenancy/index.ts';
import { readDelivery } from './delivery.queries.ts';
import type { DeliveryPath, WebhookDelivery } from './delivery.schema.ts';
import { wakeDeliverer } from './wake.ts';
import { WebhookDeliveryEntity } from './webhook.entity.ts';
import { webhookErrors } from './webhook.errors.ts';
import { webhookEvents } from './webhook.events.ts';
import { webhooks } from './webhook.record.ts';
import { type DeliveriesReplayed, DeliveriesReplay } from './webhook.schema.ts';

/** Locks an active webhook in order to send something to it. @throws `webhook_not_found`, `webhook_inactive` */
async function lockActive(unit: Unit, id: string) {
  const webhook = await webhooks.refer(unit, id);
  if (!webhook.isActive) throw webhookErrors.webhook_inactive();
  return webhook;
}

/** Sends some deliveries of a webhook again. Answers their number. */
async function sendAgain(unit: Unit, webhookId: string, ids: readonly string[]): Promise<number> {
  const again = { status: 'pending', nextAttemptAt: unit.now, failures: 0 } as const;
  unit.afterCommit(() => wakeDeliverer(unit.ctx.database));
  return unit.update(WebhookDeliveryEntity, { webhookId, id: ids }, again);
}

/**
 * Sends a delivery again, with the same `webhook-id`, whatever its status. Its retries start over.
 * @throws `permission_denied`, `webhook_not_found`, `webhook_inactive`, `delivery_not_found`
 */
export async function replayDelivery(
  ctx: ServiceContext,
  { webhookId, deliveryId }: DeliveryPath,
): Promise<WebhookDelivery> {
  authorize(ctx, 'webhook:update');
  return mutate(ctx, async (unit) => {
    await lockActive(unit, webhookId);
    await sendAgain(unit, webhookId, [deliveryId]);
    return readDelivery(unit.db, webhookId, deliveryId);
  });
}

/** The ids of the next deliveries of a webhook since an instant. */
async function deliveriesSince(
  { db }: Unit,
  { id, since, status }: DeliveriesReplay,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('webhook_deliveries')
    .select('webhook_deliveries.id')
    .where('webhook_deliveries.webhook_id', '=', id)
    .where('webhook_deliveries.id', after === null ? '>=' : '>', after ?? firstIdAt(new Date(since)))
    .$if(status !== undefined, (query) =>
      // Use a literal, because the index of failed deliveries is partial.
      query.where(sql<SqlBool>`webhook_deliveries.status = ${sql.lit(status)}`),
    )
    .orderBy('webhook_deliveries.id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/**
 * Sends the deliveries of a webhook since an instant again. For more than 500, a job continues.
 * @throws `permission_denied`, `webhook_not_found`, `webhook_inactive`
 */
export async function replayDeliveries(
  ctx: ServiceContext,
  input: DeliveriesReplay,
): Promise<DeliveriesReplayed | Job> {
  authorize(ctx, 'webhook:update');
  return mutate(ctx, async (unit): Promise<DeliveriesReplayed | Job> => {
    await lockActive(unit, input.id);
    const ids = await deliveriesSince(unit, input, null, stepRows + 1);
    if (ids.length > stepRows) return startJob(unit, 'webhooks.replay', { ...input });
    return { replayed: ids.length > 0 ? await sendAgain(unit, input.id, ids) : 0 };
  });
}

/** Continues a replay. After a crash it starts over, and a receiver may get an event once more. */
export async function replayRest(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<DeliveriesReplayed> {
  const input = DeliveriesReplay.parse(payload);
  let after: string | null = null;
  const step = async (unit: Unit): Promise<number | null> => {
    authorize(unit.ctx, 'webhook:update');
    await lockActive(unit, input.id);
    const ids = await deliveriesSince(unit, input, after, stepRows);
    after = ids.at(-1) ?? after;
    return ids.length === 0 ? null : sendAgain(unit, input.id, ids);
  };
  return { replayed: await job.steps(step, { principal: () => jobPrincipal(ctx, job) }) };
}

/**
 * Sends an event `webhook.pinged` to a webhook, whatever its filter.
 * @throws `permission_denied`, `webhook_not_found`, `webhook_inactive`
 */
export async function pingWebhook(ctx: ServiceContext, { id }: ById): Promise<WebhookDelivery> {
  authorize(ctx, 'webhook:update');
  return mutate(ctx, async (unit) => {
    const { host } = await lockActive(unit, id);
    const [eventId = ''] = await recordEvents(unit, webhookEvents.pinged.about(id, { data: { host } }));
    const deliveryId = uuidv7At(unit.now, 0);
    // The delivery waits until its event is sealed.
    await unit.insert(WebhookDeliveryEntity, {
      ...unit.owner,
      webhookId: id,
      id: deliveryId,
      eventId,
      eventType: webhookEvents.pinged.type,
      status: 'pending',
      nextAttemptAt: null,
      failures: 0,
      claims: 0,
      log: [],
      createdAt: unit.now,
    });
    return readDelivery(unit.db, id, deliveryId);
  });
}
