import { z } from 'zod';
import { eventFilters, SentEvent } from '../activity/index.ts';
import { id, output } from '../kernel/schemas.ts';
import { Notification } from '../notifications/index.ts';

const mostDigits = 15;

export const SubscribeInput = z.strictObject({
  types: eventFilters.type,
  entityId: eventFilters.entityId,
  projectId: id()
    .optional()
    .describe('Only events about a project, and about what is in it or was moved into it or out of it.'),
  after: z
    .int()
    .min(0)
    .max(10 ** mostDigits - 1)
    .optional()
    .describe(
      'A sequence: the stream starts with the event after it. 0 is the beginning of the log. When absent, it starts now.',
    ),
  lastEventId: z
    .string()
    .regex(new RegExp(String.raw`^\d{1,${mostDigits}}$`), 'Must be the id of an event of the stream.')
    .optional()
    .describe('The last id that was received, for clients that cannot send `Last-Event-ID`. It overrides `after`.'),
});
export type SubscribeInput = z.output<typeof SubscribeInput>;

export const StreamReady = output('StreamReady', {
  sequence: z.int().describe('The stream starts after this sequence.'),
});

export const EntityHidden = output('EntityHidden', {
  sequence: z.int().describe('The sequence of the event that was withheld.'),
  entity: SentEvent.shape.entity.describe('What the reader no longer sees.'),
});

export const StreamClosed = output('StreamClosed', {
  code: z.string().describe('Why the stream ends, as in a problem.'),
  detail: z.string().describe('In plain words.'),
  resumable: z.boolean().describe('Whether the same caller may continue with another stream.'),
});

/** What a stream sends before its last frame. */
export const StreamFrame = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready').describe('The stream has started.'), ...StreamReady.shape }),
    z.object({ kind: z.literal('event').describe('Something happened.'), event: SentEvent.describe('What happened.') }),
    z.object({
      kind: z.literal('hidden').describe('The reader no longer sees an entity.'),
      ...EntityHidden.shape,
    }),
    z.object({
      kind: z.literal('notification').describe('The reader has a new notification.'),
      notification: Notification.describe('The notification.'),
    }),
  ])
  .meta({ id: 'StreamFrame' });
export type StreamFrame = z.output<typeof StreamFrame>;
