import {
  ById,
  createWebhook,
  DeliveriesReplay,
  DeliveriesReplayed,
  deleteWebhook,
  errors,
  getWebhook,
  listWebhooks,
  page,
  pingWebhook,
  replayDeliveries,
  rotateWebhookSecret,
  updateWebhook,
  Webhook,
  WebhookCreate,
  WebhookDelivery,
  webhookErrors,
  WebhookListInput,
  WebhookUpdate,
  WebhookWithSecret,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Webhooks',
  description:
    'Where the events of the organization are sent. Requests are signed as [Standard Webhooks](https://www.standardwebhooks.com) says.',
  group: 'Events and audit',
  guide: 'webhooks',
});

const { webhook_not_found, webhook_inactive } = webhookErrors;

export const webhookRouter = router({
  list: query({
    rest: 'GET /webhooks',
    access: 'webhook:read',
    summary: 'List the webhooks of the organization',
    input: WebhookListInput,
    output: page(Webhook),
    run: listWebhooks,
  }),
  create: mutation({
    rest: 'POST /webhooks',
    access: 'webhook:create',
    summary: 'Create a webhook',
    description:
      'It sends what you see, at the moment of sending. If an API key creates it, it sends what the scopes of the key leave of that, which must include `activity:read`. The answer shows the secret once.',
    status: 201,
    secretAnswer: true,
    input: WebhookCreate,
    output: WebhookWithSecret,
    problems: [errors.limit_exceeded],
    run: createWebhook,
  }),
  get: query({
    rest: 'GET /webhooks/{id}',
    access: 'webhook:read',
    summary: 'Get a webhook',
    input: ById,
    output: Webhook,
    problems: [webhook_not_found],
    run: getWebhook,
  }),
  update: mutation({
    rest: 'PATCH /webhooks/{id}',
    access: 'webhook:update',
    summary: 'Change a webhook, stop it, or activate it again',
    description:
      'Only the given fields change. When you change the URL or the events, or activate it again, it sends what you see from then on.',
    versioned: true,
    input: WebhookUpdate,
    output: Webhook,
    problems: [webhook_not_found],
    run: updateWebhook,
  }),
  delete: mutation({
    rest: 'DELETE /webhooks/{id}',
    access: 'webhook:delete',
    summary: 'Delete a webhook for ever',
    description: 'Its deliveries are deleted too. Nothing is sent any more, not even what was waiting.',
    versioned: true,
    input: ById,
    problems: [webhook_not_found],
    run: deleteWebhook,
  }),
  rotateSecret: mutation({
    rest: 'POST /webhooks/{id}/rotate-secret',
    access: 'webhook:update',
    summary: 'Replace the secret of a webhook',
    description:
      'For 24 hours, requests are signed with both secrets. The answer shows the new one once. The webhook sends what you see from then on.',
    versioned: true,
    secretAnswer: true,
    input: ById,
    output: WebhookWithSecret,
    problems: [webhook_not_found],
    run: rotateWebhookSecret,
  }),
  ping: mutation({
    rest: 'POST /webhooks/{id}/ping',
    access: 'webhook:update',
    summary: 'Send a test event to a webhook',
    description:
      'It is of the type `webhook.pinged`, whatever events the webhook asks for. Read the delivery to see how it went.',
    input: ById,
    output: WebhookDelivery,
    problems: [webhook_not_found, webhook_inactive],
    run: pingWebhook,
  }),
  replay: mutation({
    rest: 'POST /webhooks/{id}/replay',
    access: 'webhook:update',
    summary: 'Send the deliveries since an instant again',
    description:
      'Each with the same `webhook-id`. With `"status": "failed"`, only those that have failed. More than 500 take long.',
    long: true,
    input: DeliveriesReplay,
    output: DeliveriesReplayed,
    problems: [webhook_not_found, webhook_inactive],
    run: replayDeliveries,
  }),
});
