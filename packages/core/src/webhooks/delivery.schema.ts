import { z } from 'zod';
import { SentEvent } from '../activity/index.ts';
import { createdRange, id, instantOut, logInput, logPage, output } from '../kernel/schemas.ts';
import { deliveryStatuses } from './webhook.entity.ts';

const DeliveryAttempt = output('DeliveryAttempt', {
  at: instantOut().describe('When it started.'),
  status: z.number().int().nullable().describe('The HTTP status of the response; null without one.'),
  durationMs: z.number().int().describe('How long it took, in milliseconds.'),
  error: z
    .string()
    .nullable()
    .describe(
      'Why it failed; null when it did not: `http_status`, `timeout`, `forbidden_address`, `not_allowed`, `tls`, `connection`, `webhook_inactive`, `member_inactive`, `organization_inactive`, `not_visible` or `secret_unreadable`. More will come.',
    ),
  response: z.string().nullable().describe('The first 4 KiB of the body of the response; null without one.'),
});

export const WebhookDelivery = output('WebhookDelivery', {
  id: z.uuid(),
  webhookId: z.uuid(),
  eventId: z.uuid().describe('The `webhook-id` of every attempt.'),
  eventType: z.string().describe('The type of the event, such as `task.created`.'),
  status: z.enum(deliveryStatuses).describe('Its state.'),
  attempts: z.array(DeliveryAttempt).describe('The latest 20 attempts, oldest first.'),
  nextAttemptAt: instantOut().nullable().describe('When it is sent next; null when it is not.'),
  payload: SentEvent.nullable().describe('What is sent; null when you do not see the event.'),
  createdAt: instantOut(),
});
export type WebhookDelivery = z.output<typeof WebhookDelivery>;

export const DeliveryPath = z.strictObject({ webhookId: id().describe('The webhook.'), deliveryId: id() });
export type DeliveryPath = z.output<typeof DeliveryPath>;

export const DeliveryListInput = z.strictObject({
  webhookId: id().describe('The webhook.'),
  ...logInput,
  ...createdRange,
  status: z.enum(deliveryStatuses).optional().describe('Only deliveries with this status.'),
});
export type DeliveryListInput = z.output<typeof DeliveryListInput>;

export const WebhookDeliveryPage = logPage(WebhookDelivery, 'WebhookDeliveryPage');
export type WebhookDeliveryPage = z.output<typeof WebhookDeliveryPage>;
