import { authorize, requirePermission, type Subject, visibility } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { workErrors } from '../work.errors.ts';
import { TaskEntity, type TaskRecord } from './task.entity.ts';
import { assembleTask } from './task.queries.ts';
import { releaseQuota, takeQuota } from './task.quota.ts';
import type { Task, TaskDelete, TaskId } from './task.schema.ts';
import { linksOfPage } from './task.links.ts';
import { loadTask, rowOf, subjectOf } from './task.service.ts';

/** Members delete what they created; anything else takes more. */
function authorizeDelete(ctx: ServiceContext, task: TaskRecord, subject: Subject): void {
  const own = task.createdById === ctx.principal?.userId;
  authorize(ctx, own ? 'task:delete' : 'task:delete_any', subject);
}

/** Subtasks go with their parent whoever made them, but none goes that the caller's own roles do not reach. */
async function authorizeSubtasks(unit: Unit, tasks: readonly TaskRecord[]): Promise<void> {
  const { ctx } = unit;
  if (!ctx.principal || visibility(ctx.principal, 'task:delete') === 'all') return;
  const { assigneeIds } = await linksOfPage(unit.db, tasks);
  for (const task of tasks) authorize(ctx, 'task:delete', subjectOf(task, assigneeIds.get(task.id) ?? []));
}

/** The task and everything below it that `matches`, level by level. */
async function withSubtasks(unit: Unit, task: TaskRecord, matches: Record<string, unknown>): Promise<TaskRecord[][]> {
  const levels: TaskRecord[][] = [[task]];
  for (let level = levels[0]; level && level.length > 0; level = levels.at(-1)) {
    const found = await unit.em.find(
      TaskEntity,
      { ...matches, parentId: { $in: level.map((above) => above.id) } },
      {
        orderBy: { id: 'asc' },
      },
    );
    levels.push(found);
  }
  return levels.filter((level) => level.length > 0);
}

/**
 * Moves a task and its subtasks to the trash under one trash id, or with `permanent` deletes them for ever.
 * @throws `task_not_found`, `permission_denied`, `version_conflict`
 */
export async function deleteTask(ctx: ServiceContext, { id, permanent }: TaskDelete): Promise<void> {
  requirePermission(ctx, 'task:delete');
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const { record, subject } = await loadTask(unit, id);
    authorizeDelete(ctx, record, subject);
    unit.checkVersion(record);
    if (permanent) {
      authorize(ctx, 'task:delete_any', subject);
      const levels = await withSubtasks(unit, record, {});
      await authorizeSubtasks(unit, levels.flat());
      await deleteForEver(unit, levels);
      return null;
    }
    const tasks = (await withSubtasks(unit, record, { deletedAt: null })).flat();
    await authorizeSubtasks(unit, tasks);
    const trashId = uuidv7();
    for (const task of tasks) {
      task.deletedAt = unit.now;
      task.trashId = trashId;
      task.updatedAt = unit.now;
      task.updatedById = userId;
    }
    await unit.em.flush();
    await recordEvents(
      unit,
      ...tasks.map((task) => ({
        type: 'task.deleted',
        entity: { type: 'task', id: task.id },
        data: { version: task.version, trashId, permanent: false },
      })),
    );
    await releaseQuota(unit, tasks.length);
    return null;
  });
}

/** Deletes from the leaves up, as no task may point at one that is gone. */
async function deleteForEver(unit: Unit, levels: readonly TaskRecord[][]): Promise<void> {
  const { dialect } = unit.ctx.database.engine;
  for (const level of levels.toReversed()) {
    await unit.db
      .deleteFrom('tasks')
      .where(
        anyOf(
          dialect,
          'tasks.id',
          level.map((task) => task.id),
        ),
      )
      .execute();
  }
  await recordEvents(
    unit,
    ...levels.flat().map((task) => ({
      type: 'task.deleted',
      entity: { type: 'task', id: task.id },
      data: { version: task.version, permanent: true },
    })),
  );
  await releaseQuota(unit, levels.flat().filter((task) => !task.deletedAt).length);
}

/**
 * Brings back what was trashed together with the task.
 * @throws `task_not_found`, `task_not_deleted`, `parent_deleted`, `permission_denied`, `version_conflict`, `limit_exceeded`
 */
export async function restoreTask(ctx: ServiceContext, { id }: TaskId): Promise<Task> {
  requirePermission(ctx, 'task:delete');
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const { record, links, subject } = await loadTask(unit, id, 'any');
    authorizeDelete(ctx, record, subject);
    unit.checkVersion(record);
    if (!record.deletedAt) throw workErrors.task_not_deleted();
    if (record.parentId) {
      const parent = await unit.load(TaskEntity, { id: record.parentId }, workErrors.parent_not_found);
      if (parent.deletedAt) throw workErrors.parent_deleted();
    }
    const tasks = (await withSubtasks(unit, record, { trashId: record.trashId })).flat();
    await authorizeSubtasks(unit, tasks);
    for (const task of tasks) {
      task.deletedAt = null;
      task.trashId = null;
      task.updatedAt = unit.now;
      task.updatedById = userId;
    }
    await unit.em.flush();
    await recordEvents(
      unit,
      ...tasks.map((task) => ({
        type: 'task.restored',
        entity: { type: 'task', id: task.id },
        data: { version: task.version },
      })),
    );
    await takeQuota(unit, tasks.length);
    return assembleTask(rowOf(record), links);
  });
}
