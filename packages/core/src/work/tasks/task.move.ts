import { requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { Rows } from '../../kernel/rows.ts';
import { lockOrganization } from '../../tenancy/index.ts';
import { placeBetween } from './task.order.ts';
import type { Task, TaskMove } from './task.schema.ts';
import { changeTasks } from './task.service.ts';

/**
 * Moves a task, with its subtasks: to another project, to another parent, to another status, and to a place between other tasks of its
 * project.
 * @throws what `updateTask` throws, `task_not_found` for the neighbors too, `neighbor_in_other_project`, `neighbors_out_of_order`
 */
export async function moveTask(ctx: ServiceContext, { before, after, ...fields }: TaskMove): Promise<Task> {
  requirePermission(ctx, 'task:update');
  return mutate(ctx, async (unit) => {
    // The organization is always locked before a project.
    if (fields.parentId || fields.projectId !== undefined) await lockOrganization(unit);
    const isPlaced = before !== undefined || after !== undefined;
    const beside = isPlaced ? await placeBetween(unit, fields.id, { before, after }) : undefined;
    return (await changeTasks(unit, Rows.one(fields), beside)).only;
  });
}
