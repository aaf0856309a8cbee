import { sql } from 'kysely';
import type { SealedEvent } from '../activity/index.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { uuidv7At } from '../kernel/ids.ts';
import { wakeDeliverer } from './wake.ts';
import { activeWebhooks } from './webhook.cache.ts';
import { type Attempt, WebhookDeliveryEntity } from './webhook.entity.ts';
import { webhookEvents } from './webhook.events.ts';

const pinged = webhookEvents.pinged.type;

/** Whether a webhook with this filter gets events of a type. A ping goes only to its own webhook. */
const isFor = (patterns: readonly string[], type: string): boolean =>
  type !== pinged &&
  patterns.some(
    (pattern) =>
      pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );

/** The most deliveries that one statement adds. */
const mostAdded = 1000;

/**
 * Adds the deliveries of sealed events to some webhooks of an organization. A webhook gets an event once, so existing deliveries stay
 * unchanged.
 * @returns how many it added
 */
export async function addDeliveries(
  { db, now }: Unit,
  organizationId: string,
  webhooks: readonly { id: string; events: readonly string[] }[],
  events: readonly Pick<SealedEvent, 'id' | 'type'>[],
): Promise<number> {
  const pairs = webhooks.flatMap(({ id, events: patterns }) =>
    events.filter(({ type }) => isFor(patterns, type)).map((event) => [id, event] as const),
  );
  const rows = pairs.map(([webhookId, { id, type }], index) => ({
    organization_id: organizationId,
    webhook_id: webhookId,
    id: uuidv7At(now, index),
    event_id: id,
    event_type: type,
    status: 'pending' as const,
    next_attempt_at: now,
    failures: 0,
    claims: 0,
    log: sql<Attempt[]>`${'[]'}`,
    created_at: now,
  }));
  let added = 0;
  for (let first = 0; first < rows.length; first += mostAdded) {
    const some = await db
      .insertInto('webhook_deliveries')
      .values(rows.slice(first, first + mostAdded))
      .onConflict((conflict) => conflict.columns(['webhook_id', 'event_id']).doNothing())
      .returning('id')
      .execute();
    added += some.length;
  }
  return added;
}

/** Makes the deliveries of pings due, because their events are now sealed. */
async function releasePings(unit: Unit, organizationId: string, events: readonly SealedEvent[]): Promise<void> {
  for (const { id: eventId, entity } of events.filter(({ type }) => type === pinged))
    await unit.update(
      WebhookDeliveryEntity,
      { organizationId, webhookId: entity.id, eventId, status: 'pending' },
      { nextAttemptAt: unit.now },
    );
}

/**
 * Adds the deliveries of a batch of events in the transaction that seals them. When no webhook is active, it runs no statement. Events of
 * made-up data are not sent.
 */
export async function fanOut(unit: Unit, organizationId: string, sealed: readonly SealedEvent[]): Promise<void> {
  const events = sealed.filter(({ quiet }) => !quiet);
  const { database } = unit.ctx;
  await releasePings(unit, organizationId, events);
  const active = (await activeWebhooks.get(database, organizationId, unit.now)) ?? [];
  const added = await addDeliveries(unit, organizationId, active, events);
  if (added > 0 || events.some(({ type }) => type === pinged)) unit.afterCommit(() => wakeDeliverer(database));
}
