import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, id, indexesBy, instant, tenantKey } from '../database/columns.ts';
import { sealedColumn } from '../database/sealing.ts';
import { defineTenantTable } from '../tenancy/index.ts';

/**
 * Why the platform has disabled a webhook: after five days of failures, after an answer of 410, or because the member it acts as is no
 * longer active.
 */
export const disabledReasons = ['failing', 'gone', 'member_inactive'] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** A URL to which the events of an organization are sent. Deleting a webhook is final. */
export const WebhookEntity = defineEntity({
  name: 'Webhook',
  tableName: 'webhooks',
  properties: {
    ...tenantKey(),
    /** Often contains a token, so events and logs show only the host. */
    url: p.text(),
    /** The host of the URL, with its port if it has one. */
    host: p.text(),
    events: p.json<string[]>(),
    description: p.text().nullable(),
    isActive: p.boolean(),
    disabledReason: p.enum(disabledReasons).nullable(),
    /** When the first attempt of the current series of failures failed. */
    failingSince: instant().nullable(),
    /** `whsec_…`, sealed. */
    secret: p.text(),
    /** The previous secret, sealed. It also signs until it expires. */
    previousSecret: p.text().nullable(),
    previousSecretEndsAt: instant().nullable(),
    /** The member the webhook acts as. Only events that they see are sent. */
    runsAsId: id(),
    /** The scopes of the API key with which they set it up. Null when they used a session. */
    runsAsScopes: p.json<string[]>().nullable(),
    ...auditColumns(),
  },
  indexes: indexesBy('createdAt', 'runsAsId'),
});

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;

/** One attempt to send an event. */
export interface Attempt {
  at: string;
  /** The status of the response; null without one. */
  status: number | null;
  durationMs: number;
  /** Why it counts as failed; null when it succeeded. */
  error: string | null;
  /** The beginning of the body of the response; null without one. */
  response: string | null;
}

/**
 * One event for one webhook. The rows of a webhook are stored together in the order of time. Neither the webhook nor the event is a
 * reference: a deleted webhook may have more deliveries than one transaction should delete, and events are never deleted.
 */
export const WebhookDeliveryEntity = defineEntity({
  name: 'WebhookDelivery',
  tableName: 'webhook_deliveries',
  properties: {
    organizationId: id().primary(),
    webhookId: id().primary(),
    id: id().primary(),
    eventId: id(),
    eventType: p.string(),
    status: p.enum(deliveryStatuses),
    /**
     * When it is sent next. While it is being sent, when another server may try. Null when it is never sent again, or when its event is not
     * sealed yet.
     */
    nextAttemptAt: instant().nullable(),
    /** The number of failed attempts since it was created or replayed. */
    failures: p.integer(),
    /** How often it was claimed. This number fences off a server whose claim has expired. */
    claims: p.integer(),
    /** The latest attempts. */
    log: p.json<Attempt[]>(),
    createdAt: instant(),
  },
  // The index leaves out the organization. With it, PostgreSQL would find claimed deliveries by this index, and read all deliveries of the
  // webhook.
  uniques: [{ properties: ['webhookId', 'eventId'] }],
  indexes: [
    // The queue. Most deliveries are done and not part of it.
    {
      name: 'webhook_deliveries_queue_index',
      properties: ['webhookId', 'nextAttemptAt', 'id'],
      where: 'next_attempt_at is not null',
    },
    {
      name: 'webhook_deliveries_failed_index',
      properties: ['organizationId', 'webhookId', 'id'],
      where: "status = 'failed'",
    },
  ],
});

export const webhookTable = defineTenantTable(WebhookEntity, {
  sealed: ['secret', 'previousSecret'],
  members: ['runsAsId'],
});

export const deliveryTable = defineTenantTable(WebhookDeliveryEntity, { withoutRowid: true });

export const webhookSecret = sealedColumn(webhookTable, 'secret');
export const previousSecret = sealedColumn(webhookTable, 'previousSecret');
