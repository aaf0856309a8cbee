import { z } from 'zod';
import { defineEvents, event } from '../activity/index.ts';
import { disabledReasons } from './webhook.entity.ts';
import { Webhook } from './webhook.schema.ts';

const { events, description, isActive, version } = Webhook.shape;
const webhook = { host: z.string(), version };
const changes = { host: z.string(), events, description, isActive, runsAsId: z.uuid() };

/**
 * The events about webhooks. Everybody in the organization can read them, so they contain only the host, which is not secret, instead of
 * the URL.
 */
export const webhookEvents = defineEvents('webhook', {
  created: event({
    changes,
    data: webhook,
    summary: ({ actor, data }) => `${actor} created the webhook to ${data.host}`,
  }),
  updated: event({
    changes,
    data: webhook,
    summary: ({ actor, data }) => `${actor} changed the webhook to ${data.host}`,
  }),
  deleted: event({ data: webhook, summary: ({ actor, data }) => `${actor} deleted the webhook to ${data.host}` }),
  secret_rotated: event({
    changes: { runsAsId: z.uuid() },
    data: webhook,
    summary: ({ actor, data }) => `${actor} replaced the secret of the webhook to ${data.host}`,
  }),
  disabled: event({
    changes: { isActive },
    data: { ...webhook, runsAsId: z.uuid(), disabledReason: z.enum(disabledReasons) },
    summary: ({ data }) => `The webhook to ${data.host} was disabled`,
  }),
  pinged: event({
    data: { host: z.string() },
    summary: ({ actor, data }) => `${actor} pinged the webhook to ${data.host}`,
  }),
});
