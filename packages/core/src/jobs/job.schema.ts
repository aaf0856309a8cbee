import { z } from 'zod';
import { instantOut, output } from '../kernel/schemas.ts';

export const Job = output('Job', {
  id: z.uuid(),
  kind: z.string().describe('The operation that started it, such as `tasks.delete`.'),
  status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']).describe('How far it is.'),
  progress: z.number().int().min(0).max(100).nullable().describe('In percent; null while it is unknown.'),
  result: z.record(z.string(), z.unknown()).nullable().describe('What it has done; null until it is done.'),
  error: z
    .object({
      code: z.string().describe('The code, as in a problem.'),
      message: z.string().describe('In plain words.'),
    })
    .nullable()
    .describe('Why it failed. What it had done by then stays, unless the operation says otherwise.'),
  createdAt: instantOut(),
  finishedAt: instantOut().nullable().describe('When it ended; null until then.'),
});
export type Job = z.output<typeof Job>;
