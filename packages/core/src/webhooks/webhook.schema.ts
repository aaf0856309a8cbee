import { z } from 'zod';
import { patternOfTypes } from '../activity/index.ts';
import { secret } from '../kernel/redaction.ts';
import { auditOut, distinct, id, input, instantIn, instantOut, listInput, output, Person } from '../kernel/schemas.ts';
import { line, text } from '../kernel/text.ts';
import { parseUrl } from '../kernel/url.ts';
import { deliveryStatuses, disabledReasons } from './webhook.entity.ts';

const eventsSaid = 'Types of events: `task.created`, `task.*` for all that begin so, or `*` for all.';

export const Webhook = output('Webhook', {
  id: z.uuid(),
  url: secret(z.string()).describe('Where events are sent.'),
  events: z.array(z.string()).describe(eventsSaid),
  description: z.string().nullable().describe('What it is for.'),
  isActive: z.boolean().describe('Whether events are sent. Events that happen while it is false are never sent.'),
  disabledReason: z
    .enum(disabledReasons)
    .nullable()
    .describe(
      'Why the platform has disabled it. `failing`: no attempt has succeeded for five days. `gone`: the receiver answered 410. `member_inactive`: the member that it acts as is no longer active. More reasons will come.',
    ),
  failingSince: instantOut().nullable().describe('Since when no attempt has succeeded; null when the last one did.'),
  runsAs: Person.describe('Only what this member sees is sent.'),
  createdBy: Person,
  ...auditOut,
});
export type Webhook = z.output<typeof Webhook>;

export const WebhookWithSecret = Webhook.extend({
  secret: secret(z.string()).describe(
    'The secret that verifies the signatures: `whsec_…`. Only this answer contains it.',
  ),
}).meta({ id: 'WebhookWithSecret' });
export type WebhookWithSecret = z.output<typeof WebhookWithSecret>;

/** Whether a text is a URL without a password and a fragment. */
function isPlainUrl(text: string): boolean {
  const url = parseUrl(text);
  return (
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !text.includes('#')
  );
}

const eventPattern = () =>
  z
    .string()
    .max(100)
    .regex(
      /^(\*|[a-z_]+\.(\*|[a-z_]+))$/,
      'Must be a type such as task.created, task.* for all types about tasks, or * for all.',
    )
    .meta({
      // A getter, because contexts register their events after this file is loaded. It is read when the document is made.
      get pattern() {
        return patternOfTypes();
      },
    });

const fields = {
  url: secret(text(1, 2000).refine(isPlainUrl, 'Must be a URL with https, without user, password and fragment.')).meta({
    description: 'Where events are sent: a URL with https, whose host has public addresses.',
    format: 'uri',
    pattern: String.raw`^https://[^\s#@]+$`,
  }),
  events: distinct(z.array(eventPattern()).min(1).max(100)).describe(eventsSaid),
  description: line(200).nullable().optional().describe('What it is for.'),
};

export const WebhookCreate = input('WebhookCreate', fields);
export type WebhookCreate = z.output<typeof WebhookCreate>;

export const WebhookUpdate = input('WebhookUpdate', {
  id: id(),
  ...z.object(fields).partial().shape,
  isActive: z.boolean().optional().describe('False stops it until it is made true again.'),
});
export type WebhookUpdate = z.output<typeof WebhookUpdate>;

export const WebhookListInput = z.strictObject({
  ...listInput(Webhook, 'createdAt'),
  active: z.boolean().optional().describe('True lists the active webhooks, and false the others.'),
});
export type WebhookListInput = z.output<typeof WebhookListInput>;

export const DeliveriesReplay = input('DeliveriesReplay', {
  id: id(),
  since: instantIn().describe('Inclusive. Deliveries are kept for 30 days.'),
  status: z.enum(deliveryStatuses).optional().describe('Only deliveries with this status.'),
});
export type DeliveriesReplay = z.output<typeof DeliveriesReplay>;

export const DeliveriesReplayed = output('DeliveriesReplayed', {
  replayed: z.number().int().describe('How many deliveries are sent again.'),
});
export type DeliveriesReplayed = z.output<typeof DeliveriesReplayed>;
