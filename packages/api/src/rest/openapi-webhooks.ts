import type { EventType } from '@tenon/core';
import type { Tag } from '../operation.ts';
import type { Components, Json } from './json-schema.ts';

export const eventTag: Tag = {
  name: 'Events',
  description: 'What is recorded about each change, can be read in the activity, and is sent to webhooks.',
  group: 'Events and audit',
  guide: 'events',
};

const header = (name: string, schema: Json, description: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
});

/** The headers of Standard Webhooks. */
export const webhookParameters: Json = {
  WebhookId: header(
    'webhook-id',
    { type: 'string', format: 'uuid' },
    'The id of the event: the same when it is sent again.',
  ),
  WebhookTimestamp: header('webhook-timestamp', { type: 'string' }, 'When this attempt began, in seconds since 1970.'),
  WebhookSignature: header(
    'webhook-signature',
    { type: 'string' },
    'One or more signatures, separated by spaces: `v1,` and the base64 of the HMAC-SHA256 of id, timestamp and body, joined by dots, under the secret of the webhook.',
  ),
};

/** What a receiver may answer. */
export const webhookResponses: Json = {
  EventTaken: { description: 'The receiver has taken the event. Every status from 200 to 299 says so.' },
  EventsUnwanted: { description: 'The receiver wants no more events. The webhook is disabled.' },
  EventRefused: {
    description: 'As every other status: the event is sent again later, not before the time in `Retry-After`.',
  },
};

const parameters = Object.keys(webhookParameters).map((name) => ({ $ref: `#/components/parameters/${name}` }));

const responses: Json = {
  204: { $ref: '#/components/responses/EventTaken' },
  410: { $ref: '#/components/responses/EventsUnwanted' },
  503: { $ref: '#/components/responses/EventRefused' },
};

/** Lists the events that are sent to webhooks: those that happen in organizations. */
export const webhooksOf = (events: readonly EventType[], components: Components): Json =>
  Object.fromEntries(
    events
      .filter(({ isOfOrganization }) => isOfOrganization)
      .map((event) => [
        event.type,
        {
          post: {
            operationId: `events.${event.type}`,
            tags: [eventTag.name],
            summary: event.type,
            description: `Sent after it happened to a \`${event.entityType}\`. More fields may be added.`,
            security: [],
            parameters,
            requestBody: {
              required: true,
              content: { 'application/json': { schema: components.output(event.schema) } },
            },
            responses,
          },
        },
      ]),
  );
