import { authorize } from '../access/index.ts';
import { namesTypes } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { countOf } from '../database/paging.ts';
import { read } from '../database/read-door.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import type { ById, Page } from '../kernel/schemas.ts';
import { lockOrganization, refuseBeyondLimit } from '../tenancy/index.ts';
import { catchUpLater } from './catch-up.ts';
import { forgetJob } from './forget.ts';
import { previousSecret, webhookSecret } from './webhook.entity.ts';
import { webhookEvents } from './webhook.events.ts';
import { webhooks } from './webhook.record.ts';
import type { Webhook, WebhookCreate, WebhookListInput, WebhookUpdate, WebhookWithSecret } from './webhook.schema.ts';
import { makeSecret, rotationMs } from './webhook.secret.ts';
import { targetProblem } from './webhook.target.ts';

/** Lists the webhooks of the organization, whoever created them. */
export async function listWebhooks(ctx: ServiceContext, input: WebhookListInput): Promise<Page<Webhook>> {
  authorize(ctx, 'webhook:read');
  return webhooks.list(ctx, input, { isActive: input.active });
}

/** @throws `webhook_not_found` */
export async function getWebhook(ctx: ServiceContext, { id }: ById): Promise<Webhook> {
  authorize(ctx, 'webhook:read');
  return read(ctx, (db) => webhooks.get(db, id));
}

/** Throws when nothing could ever be sent to a URL. @throws `validation_failed` at `url` */
function refuseTarget({ settings }: ServiceContext, url: string): void {
  const message = targetProblem(settings, new URL(url));
  if (message !== null) throw errors.validation_failed({ field: ['url'], message });
}

/** Throws when a filter names no type of event. @throws `validation_failed` at `events` */
function refuseUnknownTypes(patterns: readonly string[]): void {
  const fields = patterns.flatMap((pattern, index) =>
    namesTypes(pattern) ? [] : [{ field: ['events', index], message: `There are no events ${pattern}.` }],
  );
  if (fields.length > 0) throw errors.validation_failed({ fields });
}

const hostOf = (url: string): string => new URL(url).host;

/** Answers the columns that make a webhook act as the caller, with the scopes of their API key. */
async function actor({ db }: Unit, { userId, apiKeyId }: Principal) {
  if (!apiKeyId) return { runsAsId: userId, runsAsScopes: null };
  const { scopes } = await db
    .selectFrom('api_keys')
    .select('api_keys.scopes')
    .where('api_keys.id', '=', apiKeyId)
    .executeTakeFirstOrThrow(() => errors.unauthenticated());
  return { runsAsId: userId, runsAsScopes: scopes };
}

const withSecret = async (unit: Unit, row: Parameters<typeof webhooks.answer>[1], secret: string) => ({
  ...(await webhooks.answer(unit.db, row)),
  secret,
});

/**
 * Creates a webhook that sends what the caller sees. Only this answer contains its secret.
 * @throws `permission_denied`, `validation_failed` at `url` or `events`, `limit_exceeded`
 */
export async function createWebhook(ctx: ServiceContext, input: WebhookCreate): Promise<WebhookWithSecret> {
  authorize(ctx, 'webhook:create');
  const { principal, settings } = ctx;
  const { organizationId } = principal;
  refuseTarget(ctx, input.url);
  refuseUnknownTypes(input.events);
  const id = uuidv7();
  const secret = makeSecret();
  return mutate(ctx, async (unit) => {
    // The count must be exact. If the membership ends at the same time, that transaction must find this row to disable it.
    await lockOrganization(unit);
    await refuseBeyondLimit(unit, organizationId, 'webhooks', (await countOf(webhooks.from(unit.db))) + 1);
    const row = await webhooks.add(unit, {
      ...input,
      ...(await actor(unit, principal)),
      id,
      host: hostOf(input.url),
      isActive: true,
      secret: webhookSecret.seal(settings, [organizationId, id], secret),
    });
    await catchUpLater(unit, id);
    return withSecret(unit, row, secret);
  });
}

/**
 * Changes the given fields. If the caller changes the URL or the events, or activates the webhook again, it acts as the caller from then
 * on, and sends only what they see.
 * @throws `permission_denied`, `validation_failed` at `url` or `events`, `webhook_not_found`, `version_conflict`
 */
export async function updateWebhook(ctx: ServiceContext, { id, ...fields }: WebhookUpdate): Promise<Webhook> {
  authorize(ctx, 'webhook:update');
  const { url, events } = fields;
  if (url !== undefined) refuseTarget(ctx, url);
  if (events !== undefined) refuseUnknownTypes(events);
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    const webhook = await webhooks.lock(unit, id);
    const activated = fields.isActive === true && !webhook.isActive;
    const filtered = events !== undefined && JSON.stringify(events) !== JSON.stringify(webhook.events);
    const moved = url !== undefined && url !== webhook.url;
    const { after } = await webhooks.change(unit, webhook, {
      ...fields,
      ...(url !== undefined && { host: hostOf(url) }),
      ...((activated || filtered || moved) && (await actor(unit, ctx.principal))),
      ...(activated && { disabledReason: null, failingSince: null }),
    });
    if (after.isActive && (activated || filtered)) await catchUpLater(unit, id);
    return webhooks.answer(unit.db, after);
  });
}

/**
 * Deletes a webhook permanently. A job deletes its deliveries.
 * @throws `permission_denied`, `webhook_not_found`, `version_conflict`
 */
export async function deleteWebhook(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'webhook:delete');
  await mutate(ctx, async (unit) => {
    await webhooks.remove(unit, await webhooks.lock(unit, id));
    await enqueue(unit, forgetJob, { webhookId: id });
  });
}

/** The columns that let the current secret sign for some time after a new one has replaced it. None when no encryption key opens it. */
function becomingFormer({ ctx: { settings }, now }: Unit, key: readonly string[], secret: string) {
  try {
    const former = webhookSecret.unseal(settings, key, secret);
    const previousSecretEndsAt = new Date(now.getTime() + rotationMs).toISOString();
    return { previousSecret: previousSecret.seal(settings, key, former), previousSecretEndsAt };
  } catch {
    return { previousSecret: null, previousSecretEndsAt: null };
  }
}

/**
 * Replaces the secret. For 24 hours, the previous one signs too. From then on the webhook acts as the caller.
 * @throws `permission_denied`, `webhook_not_found`, `version_conflict`
 */
export async function rotateWebhookSecret(ctx: ServiceContext, { id }: ById): Promise<WebhookWithSecret> {
  authorize(ctx, 'webhook:update');
  const { principal, settings } = ctx;
  const key = [principal.organizationId, id];
  const secret = makeSecret();
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    const webhook = await webhooks.lock(unit, id);
    const changed = {
      ...(await actor(unit, principal)),
      ...becomingFormer(unit, key, webhook.secret),
      secret: webhookSecret.seal(settings, key, secret),
    };
    const { after } = await webhooks.change(unit, webhook, changed, { event: webhookEvents.secret_rotated });
    return withSecret(unit, after, secret);
  });
}
