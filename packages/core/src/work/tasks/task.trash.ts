import { authorize, isUnrestricted, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { cancelJob, type Job, startJob, stepRows } from '../../jobs/index.ts';
import { nilId, uuidv7 } from '../../kernel/ids.ts';
import { projects } from '../projects/project.record.ts';
import { keptSince } from '../trash.ts';
import { workErrors } from '../work.errors.ts';
import { taskEvents } from './task.events.ts';
import { linkIdsOf } from './task.links.ts';
import { assembleTask } from './task.queries.ts';
import { releaseQuota, requireQuota, takeQuota } from './task.quota.ts';
import { type LockedTask, lockTask, tasks, taskSubject } from './task.record.ts';
import type { Task, TaskById, TaskDelete } from './task.schema.ts';
import { countTrashedTogether, idsBelow, trashedTogether } from './task.tree.ts';

export type TaskInTree = Awaited<ReturnType<typeof tasks.lockMany>>[number];

/** Throws unless the caller may delete the task. Members delete what they created; anything else takes another permission. */
function authorizeDelete(ctx: ServiceContext, task: LockedTask): void {
  const own = task.createdById === ctx.principal?.userId;
  authorize(ctx, own ? 'task:delete' : 'task:delete_any', taskSubject(task, task.assigneeIds));
}

/**
 * Subtasks go with their parent, whoever created them. Throws unless the caller's own roles reach each of them.
 * @param at the hour that counts. @default now
 */
export async function authorizeSubtasks(unit: Unit, tree: readonly TaskInTree[], at?: Date): Promise<void> {
  const { principal, clock } = unit.ctx;
  if (!principal || isUnrestricted(principal, 'task:delete')) return;
  const acting = { principal, clock: at ? { now: () => at } : clock };
  const { assigneeIds } = await linkIdsOf(unit.invisible, tree);
  for (const task of tree) authorize(acting, 'task:delete', taskSubject(task, assigneeIds.get(task.id) ?? []));
}

/** The same for the first tasks of a job, so that it is not started in vain. */
async function authorizeFirst(unit: Unit, ids: readonly string[]): Promise<void> {
  if (unit.ctx.principal && isUnrestricted(unit.ctx.principal, 'task:delete')) return;
  await authorizeSubtasks(unit, await tasks.lockMany(unit, { id: ids }, { trash: true, invisible: true }));
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

/** What the job is found by that moves the rest of a tree to the trash. */
const trashKey = (trashId: string): string => `tasks.delete ${trashId}`;

/**
 * Moves a task and its subtasks to the trash under one trash id. With `permanent` it deletes them for ever, in the trash or not. Of
 * more than 500 tasks it moves the first one only, or deletes none yet, and starts a job.
 * @throws `task_not_found`, `permission_denied`, `version_conflict`
 */
export async function deleteTask(ctx: ServiceContext, { id, permanent }: TaskDelete): Promise<Job | void> {
  requirePermission(ctx, 'task:delete');
  return mutate(ctx, async (unit): Promise<Job | void> => {
    const { task } = await lockTask(unit, id, (found) => authorizeDelete(ctx, found), permanent);
    if (permanent) authorize(ctx, 'task:delete_any', taskSubject(task, task.assigneeIds));
    const below = await idsBelow(unit.invisible, { id, limit: stepRows }, !permanent);
    const isLong = below.length >= stepRows;
    if (isLong) await authorizeFirst(unit, below);
    if (permanent) {
      if (isLong) return startJob(unit, 'tasks.delete', { id });
      const levels = await withSubtasks(unit, task, {}, true);
      await authorizeSubtasks(unit, levels.flat());
      // From the leaves up, as no task may refer to one that is gone.
      for (const level of levels.toReversed()) await tasks.removeMany(unit, level, { data: { permanent } });
      return releaseQuota(unit, levels.flat().filter((each) => !each.deletedAt).length);
    }
    const tree = isLong ? [task] : (await withSubtasks(unit, task, {}, false)).flat();
    await authorizeSubtasks(unit, tree);
    const trashed = { deletedAt: unit.now.toISOString(), trashId: uuidv7() };
    const { trashId } = trashed;
    await tasks.changeMany(unit, tree, trashed, { event: taskEvents.deleted, data: { trashId, permanent } });
    const job = isLong
      ? await startJob(unit, 'tasks.delete', { id, ...trashed }, { uniqueKey: trashKey(trashId) })
      : undefined;
    await releaseQuota(unit, tree.length);
    return job;
  });
}

/**
 * Brings back what was trashed together with the task. Of more than 500 tasks it brings back the first one only, and starts a job.
 * A job that was still moving the tree to the trash is cancelled.
 * @throws `task_not_found` after 30 days, `task_not_deleted`, `parent_deleted`, `project_deleted`, `permission_denied`, `version_conflict`, `limit_exceeded`
 */
export async function restoreTask(ctx: ServiceContext, { id }: TaskById): Promise<Task | Job> {
  requirePermission(ctx, 'task:delete');
  return mutate(ctx, async (unit): Promise<Task | Job> => {
    const check = (found: LockedTask) => {
      if (found.deletedAt && found.deletedAt <= keptSince(unit.now).toISOString()) throw workErrors.task_not_found();
      authorizeDelete(ctx, found);
    };
    const { task, nameAll } = await lockTask(unit, id, check, true);
    const { deletedAt, trashId } = task;
    if (!deletedAt || !trashId) throw workErrors.task_not_deleted();
    if (task.parentId) {
      const [parent] = await tasks.lockMany(unit, { id: task.parentId }, { trash: true, invisible: true });
      if (parent?.deletedAt) throw workErrors.parent_deleted();
    }
    if (task.projectId) {
      const [project] = await projects.lockMany(
        unit,
        { id: task.projectId },
        { trash: true, invisible: true, share: true },
      );
      if (project?.deletedAt) throw workErrors.project_deleted();
    }
    await cancelJob(unit, trashKey(trashId));
    const together = await trashedTogether(unit.invisible, { trashId, after: nilId, limit: stepRows + 1 });
    const isLong = together.length > stepRows;
    if (isLong) {
      await authorizeFirst(unit, together);
      await requireQuota(unit, (await countTrashedTogether(unit.invisible, trashId)) ?? together.length);
    }
    const tree = isLong ? [task] : (await withSubtasks(unit, task, { trashId }, true)).flat();
    await authorizeSubtasks(unit, tree);
    const restored = { deletedAt: null, trashId: null };
    const [top] = await tasks.changeMany(unit, tree, restored, { event: taskEvents.restored });
    const job = isLong ? await startJob(unit, 'tasks.restore', { trashId }) : null;
    await takeQuota(unit, tree.length);
    return job ?? assembleTask(top?.after ?? task, await nameAll());
  });
}
