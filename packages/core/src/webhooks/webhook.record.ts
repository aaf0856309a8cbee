import { defineRecord } from '../records/index.ts';
import { webhookTable } from './webhook.entity.ts';
import { webhookErrors } from './webhook.errors.ts';
import { webhookEvents } from './webhook.events.ts';
import { Webhook } from './webhook.schema.ts';

export const webhooks = defineRecord(webhookTable, {
  output: Webhook,
  people: { runsAs: 'runsAsId', createdBy: 'createdById' },
  events: webhookEvents,
  missing: webhookErrors.webhook_not_found,
});
