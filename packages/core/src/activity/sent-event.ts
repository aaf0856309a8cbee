import { z } from 'zod';
import { ActivityEntry } from './activity.schema.ts';

/** The version of the shapes of events. It is raised when a change breaks consumers, which adding a type or a field does not. */
const schemaVersion = 1;

/** An event as it is sent to others: by streams and webhooks. */
export const SentEvent = ActivityEntry.extend({
  sequence: z
    .int()
    .describe('Its place in the order of the organization. Each event has a higher one than those before it.'),
  organizationId: z.uuid().describe('The organization in which it happened.'),
  schemaVersion: z.int().describe('The version of the shapes of events: 1.'),
}).meta({ id: 'SentEvent' });
export type SentEvent = z.output<typeof SentEvent>;

/** The fields of a sent event that are the same for every type. */
export const EventBase = SentEvent.omit({ type: true, entity: true, changes: true, data: true }).meta({
  id: 'EventBase',
  description: 'What every event has, whatever its type.',
});

export const sentEventOf = (entry: ActivityEntry, organizationId: string, sequence: number): SentEvent => ({
  ...entry,
  sequence,
  organizationId,
  schemaVersion,
});
