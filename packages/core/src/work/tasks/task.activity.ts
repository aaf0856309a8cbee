import { z } from 'zod';
import { authorize } from '../../access/index.ts';
import { type ActivityEntry, eventsOf } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { type Page, pageInput } from '../../kernel/schemas.ts';
import { requireTask } from './task.queries.ts';
import { taskRef } from './task.schema.ts';

export const TaskActivityInput = z.strictObject({ id: taskRef(), ...pageInput });
export type TaskActivityInput = z.output<typeof TaskActivityInput>;

/**
 * What happened to a task and to its comments, newest first (D9).
 * @throws `task_not_found`
 */
export async function listTaskActivity(ctx: ServiceContext, input: TaskActivityInput): Promise<Page<ActivityEntry>> {
  authorize(ctx, 'activity:read');
  return read(ctx, async (db) => {
    await requireTask(db, input.id);
    return eventsOf(ctx, db, { ...input, entityId: input.id });
  });
}
