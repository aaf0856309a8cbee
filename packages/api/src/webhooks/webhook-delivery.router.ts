import {
  DeliveryListInput,
  DeliveryPath,
  getDelivery,
  listDeliveries,
  replayDelivery,
  WebhookDelivery,
  WebhookDeliveryPage,
  webhookErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Webhook deliveries',
  description: 'What was sent to webhooks, and how they answered. Deliveries are kept for 30 days.',
  group: 'Events and audit',
  guide: 'webhooks',
});

const { webhook_not_found, webhook_inactive, delivery_not_found } = webhookErrors;

export const webhookDeliveryRouter = router({
  list: query({
    rest: 'GET /webhooks/{webhookId}/deliveries',
    access: 'webhook:read',
    summary: 'List the deliveries of a webhook',
    description:
      'The newest first. With `status=failed`, those that were given up; the last attempt says why. A page reads at most 2,000 deliveries where a filter leaves some out, so it can have fewer than you asked for, or none. Read on while nextCursor is not null.',
    input: DeliveryListInput,
    output: WebhookDeliveryPage,
    problems: [webhook_not_found],
    run: listDeliveries,
  }),
  get: query({
    rest: 'GET /webhooks/{webhookId}/deliveries/{deliveryId}',
    access: 'webhook:read',
    summary: 'Get a delivery',
    input: DeliveryPath,
    output: WebhookDelivery,
    problems: [webhook_not_found, delivery_not_found],
    run: getDelivery,
  }),
  replay: mutation({
    rest: 'POST /webhooks/{webhookId}/deliveries/{deliveryId}/replay',
    access: 'webhook:update',
    summary: 'Send a delivery again',
    description:
      'With the same `webhook-id`, whatever its status, and with retries as if it was new. What the member sees who the webhook acts as is checked again.',
    input: DeliveryPath,
    output: WebhookDelivery,
    problems: [webhook_not_found, webhook_inactive, delivery_not_found],
    run: replayDelivery,
  }),
});
