import { sql } from 'kysely';
import { readSentEvents, type SentEvent } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { type RowOf, statement } from '../database/statement.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { memberPrincipal } from '../tenancy/index.ts';
import { type After, type ClaimedDelivery, settleDelivery } from './delivery.queue.ts';
import { retryDelayMs } from './delivery.retry.ts';
import type { Answer, Sender } from './delivery.send.ts';
import { disableWebhook } from './webhook.disable.ts';
import { type Attempt, type DisabledReason, previousSecret, webhookSecret } from './webhook.entity.ts';
import { webhookEvents } from './webhook.events.ts';
import { sign } from './webhook.secret.ts';

/** The number of attempts that a delivery shows. */
const mostShown = 20;

/** A webhook is disabled after this time without a successful attempt. */
const patienceMs = 5 * 86_400_000;

interface Webhooks extends Readonly<Record<string, unknown>> {
  organizationIds: readonly string[];
  webhookIds: readonly string[];
}

type Hindrance = 'webhook_inactive' | 'organization_inactive' | 'member_inactive';

/** Why nothing can be sent now. Null when it can. */
const hindrance = sql<Hindrance | null>`case
  when webhooks.is_active = false then 'webhook_inactive'
  when organizations.is_active = false or organizations.deleted_at is not null then 'organization_inactive'
  when users.is_active = false or memberships.status <> 'active' then 'member_inactive'
end`;

const webhooksAmong = statement((db, { organizationIds, webhookIds }: Webhooks, dialect) =>
  db
    .selectFrom('webhooks')
    .innerJoin('organizations', 'organizations.id', 'webhooks.organization_id')
    .innerJoin('users', 'users.id', 'webhooks.runs_as_id')
    .innerJoin('memberships', (join) =>
      join
        .onRef('memberships.organization_id', '=', 'webhooks.organization_id')
        .onRef('memberships.user_id', '=', 'webhooks.runs_as_id'),
    )
    .select([
      'webhooks.organization_id as organizationId',
      'webhooks.id',
      'webhooks.url',
      'webhooks.secret',
      'webhooks.previous_secret as previousSecret',
      'webhooks.previous_secret_ends_at as previousSecretEndsAt',
      'webhooks.failing_since as failingSince',
      'webhooks.runs_as_id as runsAsId',
      'webhooks.runs_as_scopes as runsAsScopes',
      hindrance.as('hindrance'),
    ])
    .where(anyOf(dialect, 'webhooks.organization_id', organizationIds))
    .where(anyOf(dialect, 'webhooks.id', webhookIds)),
);

type Webhook = RowOf<typeof webhooksAmong>;

/** What a delivery needs to know about its webhook when it is sent. */
interface Target extends Webhook {
  /** The events that it may send, by id. */
  events: ReadonlyMap<string, SentEvent>;
}

export type Targets = ReadonlyMap<string, Target>;

async function targetOf(ctx: ServiceContext, webhook: Webhook, eventIds: readonly string[]): Promise<Target> {
  const nothing = { events: new Map<string, SentEvent>() };
  if (webhook.hindrance !== null) return { ...webhook, ...nothing };
  const { organizationId, runsAsId: userId, runsAsScopes: scopes } = webhook;
  const principal = await memberPrincipal(ctx, { userId, organizationId, scopes });
  // The principal may be some seconds old, so the next attempt may find that the member is active again.
  if (!principal) return { ...webhook, ...nothing, hindrance: 'organization_inactive' };
  return { ...webhook, events: await read({ ...ctx, principal }, (db) => readSentEvents(db, eventIds)) };
}

/** Reads the webhooks of some deliveries, and for each webhook the events that the member it acts as sees now. */
export async function readTargets(ctx: ServiceContext, deliveries: readonly ClaimedDelivery[]): Promise<Targets> {
  const byWebhook = Map.groupBy(deliveries, ({ webhookId }) => webhookId);
  const organizationIds = [...new Set(deliveries.map(({ organizationId }) => organizationId))];
  const webhooks = await readThroughSystemDoor(ctx.database, (db) =>
    db.run(webhooksAmong, { organizationIds, webhookIds: [...byWebhook.keys()] }),
  );
  const targets = new Map<string, Target>();
  for (const webhook of webhooks) {
    const eventIds = byWebhook.get(webhook.id)?.map(({ eventId }) => eventId) ?? [];
    targets.set(webhook.id, await targetOf(ctx, webhook, eventIds));
  }
  return targets;
}

/** The result of an attempt. */
export interface Settled {
  delivery: ClaimedDelivery;
  /** The new state of the delivery. Null deletes it. */
  after: After | null;
  /** Whether the receiver accepted the event. Null when nothing was sent. */
  succeeded: boolean | null;
  /** Since when all attempts before this one have failed. */
  failingSince: string | null;
  disable: DisabledReason | null;
}

/** Ends a delivery or an attempt without sending anything. */
function notSent(
  { settings }: ServiceContext,
  delivery: ClaimedDelivery,
  at: Date,
  error: Hindrance | 'not_visible' | 'secret_unreadable',
): Settled {
  const attempt = { at: at.toISOString(), status: null, durationMs: 0, error, response: null };
  const failures = delivery.failures + 1;
  // An organization may become active again, and an operator may find the encryption key.
  const mayPass = error === 'organization_inactive' || error === 'secret_unreadable';
  const delay = mayPass ? retryDelayMs(failures, 0, settings.webhookRetrySeconds) : null;
  return {
    delivery,
    after: afterFailure(delivery, attempt, delay === null ? null : new Date(at.getTime() + delay)),
    succeeded: null,
    failingSince: null,
    disable: error === 'member_inactive' ? error : null,
  };
}

const withAttempt = ({ log }: ClaimedDelivery, attempt: Attempt): Attempt[] => [...log, attempt].slice(-mostShown);

const afterFailure = (delivery: ClaimedDelivery, attempt: Attempt, nextAttemptAt: Date | null): After => ({
  status: nextAttemptAt === null ? 'failed' : 'pending',
  failures: delivery.failures + 1,
  nextAttemptAt,
  log: withAttempt(delivery, attempt),
});

/** The secrets that sign now: the current one, and for some time the previous one. Null when no encryption key opens them. */
function secretsOf({ settings }: ServiceContext, webhook: Webhook, at: Date): string[] | null {
  const key = [webhook.organizationId, webhook.id];
  const { previousSecret: former, previousSecretEndsAt } = webhook;
  const signsToo = former !== null && previousSecretEndsAt !== null && new Date(previousSecretEndsAt) > at;
  try {
    return [
      webhookSecret.unseal(settings, key, webhook.secret),
      ...(signsToo ? [previousSecret.unseal(settings, key, former)] : []),
    ];
  } catch {
    return null;
  }
}

/** Why a webhook must be disabled after an attempt. Null when it stays active. */
function disabling({ failingSince }: Target, { status, error }: Answer, at: Date): DisabledReason | null {
  if (error === null) return null;
  if (status === 410) return 'gone';
  return failingSince !== null && at.getTime() - Date.parse(failingSince) >= patienceMs ? 'failing' : null;
}

/** Sends a delivery, unless its webhook is not active or may not send this event any more. */
export async function attemptDelivery(
  ctx: ServiceContext,
  delivery: ClaimedDelivery,
  targets: Targets,
  { send }: Sender,
): Promise<Settled> {
  const { clock, settings } = ctx;
  const at = clock.now();
  const target = targets.get(delivery.webhookId);
  const nothing = { delivery, after: null, succeeded: null, failingSince: null, disable: null };
  // The webhook was deleted.
  if (!target) return nothing;
  if (target.hindrance !== null) return notSent(ctx, delivery, at, target.hindrance);
  const event = target.events.get(delivery.eventId);
  if (!event) {
    // The log must not even show that there was an event, unless somebody asked for this delivery.
    const isAskedFor = delivery.log.length > 0 || delivery.eventType === webhookEvents.pinged.type;
    return isAskedFor ? notSent(ctx, delivery, at, 'not_visible') : nothing;
  }
  const secrets = secretsOf(ctx, target, at);
  if (!secrets) return notSent(ctx, delivery, at, 'secret_unreadable');
  const body = JSON.stringify(event);
  const began = performance.now();
  const answer = await send(target.url, sign(event.id, at, body, secrets), body);
  const { status, error, response } = answer;
  const durationMs = Math.round(performance.now() - began);
  const attempt = { at: at.toISOString(), status, durationMs, error, response };
  const disable = disabling(target, answer, at);
  const { failingSince } = target;
  if (error === null) {
    const after = {
      status: 'delivered',
      failures: 0,
      nextAttemptAt: null,
      log: withAttempt(delivery, attempt),
    } as const;
    return { delivery, after, succeeded: true, failingSince, disable };
  }
  const delay = disable ? null : retryDelayMs(delivery.failures + 1, answer.retryAfterMs, settings.webhookRetrySeconds);
  const next = delay === null ? null : new Date(clock.now().getTime() + delay);
  return { delivery, after: afterFailure(delivery, attempt, next), succeeded: false, failingSince, disable };
}

/** Writes since when a webhook fails. Its version stays, because nobody has changed the webhook. */
const writeFailing = ({ db }: Unit, { organizationId, webhookId }: ClaimedDelivery, failingSince: Date | null) =>
  db
    .updateTable('webhooks')
    .set({ failing_since: failingSince })
    .where('organization_id', '=', organizationId)
    .where('id', '=', webhookId)
    .where('failing_since', failingSince === null ? 'is not' : 'is', null)
    .execute();

/** Records the results of some attempts in one transaction. */
export async function settle(ctx: ServiceContext, all: readonly Settled[]): Promise<void> {
  await writeThroughSystemDoor(ctx, async (unit) => {
    for (const { delivery, after, succeeded, failingSince, disable } of all) {
      const isCurrent = await settleDelivery(unit, delivery, after);
      if (!isCurrent) continue;
      if (succeeded === true && failingSince !== null) await writeFailing(unit, delivery, null);
      if (succeeded === false && failingSince === null) await writeFailing(unit, delivery, unit.now);
      if (disable) {
        const { organizationId, webhookId: id } = delivery;
        await disableWebhook(unit, { organizationId, id }, disable);
      }
    }
  });
}
