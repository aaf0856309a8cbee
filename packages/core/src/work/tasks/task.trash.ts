import { authorize, isUnrestricted, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import { workErrors } from '../work.errors.ts';
import { taskEvents } from './task.events.ts';
import { linksOfPage } from './task.links.ts';
import { assembleTask } from './task.queries.ts';
import { releaseQuota, takeQuota } from './task.quota.ts';
import { keptSince, type LockedTask, lockTask, tasks, taskSubject } from './task.record.ts';
import type { Task, TaskDelete } from './task.schema.ts';

type TaskInTree = Awaited<ReturnType<typeof tasks.lockMany>>[number];

/** Throws unless the caller may delete the task. Members delete what they created; anything else takes another permission. */
function authorizeDelete(ctx: ServiceContext, task: LockedTask): void {
  const own = task.createdById === ctx.principal?.userId;
  authorize(ctx, own ? 'task:delete' : 'task:delete_any', taskSubject(task, task.assigneeIds));
}

/** Subtasks go with their parent, whoever created them. Throws unless the caller's own roles reach each of them now. */
async function authorizeSubtasks(unit: Unit, tree: readonly TaskInTree[]): Promise<void> {
  const { ctx } = unit;
  if (!ctx.principal || isUnrestricted(ctx.principal, 'task:delete')) return;
  const { assigneeIds } = await linksOfPage(unit.db, tree);
  for (const task of tree) authorize(ctx, 'task:delete', taskSubject(task, assigneeIds.get(task.id) ?? []));
}

/** The task and everything below it that matches, level by level. */
async function withSubtasks(
  unit: Unit,
  task: TaskInTree,
  match: { trashId?: string | null },
  trash: boolean,
): Promise<TaskInTree[][]> {
  const levels: TaskInTree[][] = [];
  for (let level: TaskInTree[] = [task]; level.length > 0;) {
    levels.push(level);
    const parentId = level.map((above) => above.id);
    level = await tasks.lockMany(unit, { ...match, parentId }, { trash, invisible: true });
  }
  return levels;
}

/**
 * Moves a task and its subtasks to the trash under one trash id. With `permanent` it deletes them for ever, in the trash or not.
 * @throws `task_not_found`, `permission_denied`, `version_conflict`
 */
export async function deleteTask(ctx: ServiceContext, { id, permanent }: TaskDelete): Promise<void> {
  requirePermission(ctx, 'task:delete');
  await mutate(ctx, async (unit) => {
    const { task } = await lockTask(unit, id, (found) => authorizeDelete(ctx, found), permanent);
    if (permanent) {
      authorize(ctx, 'task:delete_any', taskSubject(task, task.assigneeIds));
      const levels = await withSubtasks(unit, task, {}, true);
      await authorizeSubtasks(unit, levels.flat());
      // From the leaves up, as no task may refer to one that is gone.
      for (const level of levels.toReversed()) await tasks.removeMany(unit, level, { data: { permanent } });
      return releaseQuota(unit, levels.flat().filter((each) => !each.deletedAt).length);
    }
    const tree = (await withSubtasks(unit, task, {}, false)).flat();
    await authorizeSubtasks(unit, tree);
    const trashed = { deletedAt: unit.now.toISOString(), trashId: uuidv7() };
    const data = { trashId: trashed.trashId, permanent };
    await tasks.changeMany(unit, tree, trashed, { event: taskEvents.deleted, data });
    await releaseQuota(unit, tree.length);
  });
}

/**
 * Brings back what was trashed together with the task.
 * @throws `task_not_found` after 30 days, `task_not_deleted`, `parent_deleted`, `permission_denied`, `version_conflict`, `limit_exceeded`
 */
export async function restoreTask(ctx: ServiceContext, { id }: ById): Promise<Task> {
  requirePermission(ctx, 'task:delete');
  return mutate(ctx, async (unit) => {
    const check = (found: LockedTask) => {
      if (found.deletedAt && found.deletedAt <= keptSince(unit.now).toISOString()) throw workErrors.task_not_found();
      authorizeDelete(ctx, found);
    };
    const { task, links } = await lockTask(unit, id, check, true);
    if (!task.deletedAt) throw workErrors.task_not_deleted();
    if (task.parentId) {
      const [parent] = await tasks.lockMany(unit, { id: task.parentId }, { trash: true, invisible: true });
      if (parent?.deletedAt) throw workErrors.parent_deleted();
    }
    const tree = (await withSubtasks(unit, task, { trashId: task.trashId }, true)).flat();
    await authorizeSubtasks(unit, tree);
    const restored = { deletedAt: null, trashId: null };
    const [top] = await tasks.changeMany(unit, tree, restored, { event: taskEvents.restored });
    await takeQuota(unit, tree.length);
    return assembleTask(top?.after ?? task, links);
  });
}
