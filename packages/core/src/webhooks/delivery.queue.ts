import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { statement } from '../database/statement.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { NewRow } from '../database/writes.ts';
import { nilId } from '../kernel/ids.ts';
import { type Attempt, WebhookDeliveryEntity } from './webhook.entity.ts';

/** A delivery that this process has claimed for some time. */
export interface ClaimedDelivery {
  readonly organizationId: string;
  readonly webhookId: string;
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  /** The number of failed attempts since it was created or replayed. */
  readonly failures: number;
  /** The number of this claim. After another server claims the delivery, this one can no longer write to it. */
  readonly claims: number;
  readonly log: readonly Attempt[];
}

/** A webhook with due deliveries. */
export interface DueWebhook {
  readonly organizationId: string;
  readonly webhookId: string;
  /** Since when all attempts have failed; null when the last one succeeded. */
  readonly failingSince: string | null;
}

interface Search extends Readonly<Record<string, unknown>> {
  now: Date;
  /** The webhook after which the search starts. */
  after: string;
}

/** The most webhooks that one search finds. */
const mostFound = 100;

/** The first webhook in the queue after the given one. */
const nextQueued = (after: RawBuilder<unknown>) =>
  sql`(select webhook_id from webhook_deliveries where next_attempt_at is not null and webhook_id > ${after}
    order by webhook_id limit 1)`;

/**
 * Finds webhooks with due deliveries, in the order of their ids. Each webhook in the queue costs one lookup in the index. In the order of
 * time, the search would have to read all deliveries of a failing webhook before those of the next one.
 */
const dueWebhooks = statement<Search, DueWebhook>((db, { now, after }) => {
  const query = sql<DueWebhook>`with recursive queued(webhook_id) as (
      select ${nextQueued(sql`${asId(after)}`)}
      union all
      select ${nextQueued(sql`queued.webhook_id`)} from queued where queued.webhook_id is not null
    ), found as (
      select queued.webhook_id, (
        select organization_id from webhook_deliveries
        where webhook_deliveries.webhook_id = queued.webhook_id and next_attempt_at <= ${now} limit 1
      ) as organization_id from queued where queued.webhook_id is not null
    )
    select found.organization_id as "organizationId", found.webhook_id as "webhookId", webhooks.failing_since as "failingSince"
    from found
    left join webhooks on webhooks.organization_id = found.organization_id and webhooks.id = found.webhook_id
    where found.organization_id is not null
    limit ${sql.lit(mostFound)}`;
  return { compile: () => query.compile(db) };
});

/** Finds webhooks with due deliveries: first those after the given one, then the others. It only reads, so it takes no write lock. */
export function findDue(ctx: ServiceContext, after: string): Promise<DueWebhook[]> {
  const now = ctx.clock.now();
  return readThroughSystemDoor(ctx.database, async (db) => {
    const rest = await db.run(dueWebhooks, { now, after });
    if (rest.length === mostFound || after === nilId) return rest;
    const others = await db.run(dueWebhooks, { now, after: nilId });
    return [...rest, ...others.filter(({ webhookId }) => webhookId <= after)];
  });
}

/** A webhook, and the number of its deliveries to claim. */
export interface Wanted {
  readonly organizationId: string;
  readonly webhookId: string;
  readonly limit: number;
}

const claimOf = ({ db, now }: Unit, { organizationId, webhookId, limit }: Wanted, until: Date) =>
  db
    .updateTable('webhook_deliveries')
    .set((eb) => ({ next_attempt_at: until, claims: eb('claims', '+', 1) }))
    .where('organization_id', '=', organizationId)
    .where('webhook_id', '=', webhookId)
    .where((eb) => {
      const next = eb
        .selectFrom('webhook_deliveries as next')
        .select('next.id')
        .where('next.webhook_id', '=', webhookId)
        .where(sql<SqlBool>`next.next_attempt_at <= ${now}`)
        .orderBy('next.next_attempt_at')
        .orderBy('next.id')
        .limit(limit);
      if (db.dialect === 'sqlite') return eb('id', 'in', next);
      return sql<SqlBool>`id = any(array(${next.forUpdate().skipLocked()}))`;
    })
    .returning([
      'organization_id as organizationId',
      'webhook_id as webhookId',
      'id',
      'event_id as eventId',
      'event_type as eventType',
      'failures',
      'claims',
      'log',
    ])
    .execute();

/**
 * Claims due deliveries of some webhooks, the oldest of each webhook first. It skips deliveries that other servers have. A delivery whose
 * server died is due again when the claim ends.
 */
export function claimDeliveries(
  ctx: ServiceContext,
  wanted: readonly Wanted[],
  leaseMs: number,
): Promise<ClaimedDelivery[]> {
  return writeThroughSystemDoor(ctx, async (unit) => {
    const until = new Date(unit.now.getTime() + leaseMs);
    const claimed: ClaimedDelivery[] = [];
    for (const one of wanted) claimed.push(...(await claimOf(unit, one, until)));
    return claimed;
  });
}

/** The new state of a delivery after an attempt. Null deletes it. */
export type After = Pick<NewRow<typeof WebhookDeliveryEntity>, 'log' | 'status' | 'failures'> & {
  nextAttemptAt: Date | null;
};

/** Records the new state of a claimed delivery, unless another server has claimed it meanwhile. Answers whether it did. */
export async function settleDelivery(
  unit: Unit,
  { organizationId, webhookId, id, claims }: ClaimedDelivery,
  after: After | null,
): Promise<boolean> {
  const current = { organizationId, webhookId, id, claims };
  if (after === null) return (await unit.delete(WebhookDeliveryEntity, current)) === 1;
  return (await unit.update(WebhookDeliveryEntity, current, after)) === 1;
}
