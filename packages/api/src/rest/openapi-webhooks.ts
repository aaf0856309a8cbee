import type { EventType } from '@tenon/core';
import type { Tag } from '../operation.ts';
import type { Components, Json } from './json-schema.ts';

export const eventTag: Tag = {
  name: 'Events',
  description: 'What is recorded about each change, and can be read in the activity.',
};

/** Lists the events in the form that OpenAPI has for them: as requests that a receiver would get. */
export const webhooksOf = (events: readonly EventType[], components: Components): Json =>
  Object.fromEntries(
    events.map((event) => [
      event.type,
      {
        post: {
          operationId: `events.${event.type}`,
          tags: [eventTag.name],
          summary: event.type,
          description: `Recorded about a \`${event.entityType}\`. More fields may be added.`,
          security: [],
          requestBody: { required: true, content: { 'application/json': { schema: components.output(event.schema) } } },
          responses: { 204: { description: 'The receiver has taken the event.' } },
        },
      },
    ]),
  );
