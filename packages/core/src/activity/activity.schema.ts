import { z } from 'zod';
import { instantOut, output, page, Person } from '../kernel/schemas.ts';

export const ActivityEntry = output('ActivityEntry', {
  id: z.uuid(),
  type: z.string().describe('`entity.past_tense`, as `task.created`; more types will come.'),
  actor: Person.nullable().describe('Null is the system.'),
  apiKeyId: z.uuid().nullable().describe('The API key by which the actor did it; null is themselves.'),
  entity: z.object({ type: z.string(), id: z.uuid() }),
  changes: z
    .record(z.string(), z.object({ from: z.unknown(), to: z.unknown() }))
    .describe('What an update changed, by field.'),
  data: z.record(z.string(), z.unknown()),
  at: instantOut(),
});
export type ActivityEntry = z.output<typeof ActivityEntry>;

export const ActivityPage = page(ActivityEntry, 'ActivityPage');
