import { eventsSealed } from '../activity/index.ts';
import type { JobHandlers, Schedule } from '../jobs/index.ts';
import { membershipEnding } from '../tenancy/index.ts';
import { catchUp, catchUpJob } from './catch-up.ts';
import { replayRest } from './delivery.service.ts';
import { fanOut } from './fan-out.ts';
import { forget, forgetJob, purgeDeliveries } from './forget.ts';
import { disableWebhooksOf } from './webhook.disable.ts';
import { deliveryTable, webhookTable } from './webhook.entity.ts';
import { webhookEvents } from './webhook.events.ts';

export { Deliverer } from './deliverer.ts';
export { getDelivery, listDeliveries } from './delivery.queries.ts';
export * from './delivery.schema.ts';
export { pingWebhook, replayDeliveries, replayDelivery } from './delivery.service.ts';
export { webhookErrors } from './webhook.errors.ts';
export * from './webhook.schema.ts';
export {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from './webhook.service.ts';

/** The events of this context. */
export const webhookContextEvents = [webhookEvents];

export const webhookTables = [webhookTable, deliveryTable];

export const webhookHandlers: JobHandlers = {
  [catchUpJob]: catchUp,
  [forgetJob]: forget,
  'webhooks.replay': replayRest,
  'webhook_deliveries.purge': (ctx, _payload, job) => purgeDeliveries(ctx, job),
};

export const webhookSchedules: readonly Schedule[] = [
  { name: 'webhook_deliveries.purge', cron: '35 2 * * *', kind: 'webhook_deliveries.purge' },
];

eventsSealed.add(fanOut);
membershipEnding.add(disableWebhooksOf);
