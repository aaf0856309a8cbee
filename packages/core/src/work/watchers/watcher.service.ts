import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { current, statement } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { ById } from '../../kernel/schemas.ts';
import { lockOrganization, requireMember } from '../../tenancy/index.ts';
import { linkIdsOf, markLinked, seersOf, tasks, taskSubject } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import { TaskWatcherEntity } from './watcher.entity.ts';
import { findWatcher } from './watcher.queries.ts';
import { taskWatchers } from './watcher.record.ts';
import type { TaskWatch, Watcher, WatcherPath } from './watcher.schema.ts';

/**
 * Locks a task and reads who is assigned to it. Its watchers change one after the other.
 * @throws `task_not_found`
 */
async function lockWatched(unit: Unit, id: string) {
  const [[task], links] = await Promise.all([tasks.lockMany(unit, { id }), linkIdsOf(unit.db, [{ id }])]);
  if (!task) throw workErrors.task_not_found();
  const assigneeIds = links.assigneeIds.get(id) ?? [];
  return { task, assigneeIds, watchesAnyway: (userId: string) => [task.createdById, ...assigneeIds].includes(userId) };
}

async function answer(unit: Unit, path: WatcherPath): Promise<Watcher> {
  const watcher = await findWatcher(unit, path);
  if (!watcher) throw new Error(`User ${path.userId} does not watch task ${path.taskId}.`);
  return watcher;
}

const addRow = (unit: Unit, row: Parameters<typeof taskWatchers.add>[1] & { taskId: string }) =>
  Promise.all([markLinked(unit, row.taskId), taskWatchers.add(unit, row)]);

/** Lets the caller watch a task, or mutes it for them. */
async function setMuted(unit: Unit, { taskId, userId }: WatcherPath, muted: boolean): Promise<void> {
  const [known] = await taskWatchers.lockMany(unit, { taskId, userId });
  if (known) await taskWatchers.change(unit, known, { muted });
  else await addRow(unit, { taskId, userId, reason: 'self', muted });
}

/**
 * Lets the caller watch a task that they see, or mutes it for them. The task's version stays the same.
 * @throws `permission_denied`, `task_not_found`
 */
export async function watchTask(ctx: ServiceContext, { id, muted }: TaskWatch): Promise<Watcher> {
  requirePermission(ctx, 'task:read');
  const path = { taskId: id, userId: ctx.principal.userId };
  return mutate(ctx, async (unit) => {
    const { watchesAnyway } = await lockWatched(unit, id);
    const isNews = muted || !watchesAnyway(path.userId);
    const [known] = isNews ? [] : await taskWatchers.lockMany(unit, { taskId: id, userId: path.userId });
    // The creator and the assignees need a row only to mute the task.
    if (isNews || known) await setMuted(unit, path, muted);
    return answer(unit, path);
  });
}

/**
 * Ends that the caller watches a task. The creator and the assignees cannot end it, so it mutes the task for them.
 * @throws `permission_denied`, `task_not_found`
 */
export async function unwatchTask(ctx: ServiceContext, { id }: ById): Promise<void> {
  requirePermission(ctx, 'task:read');
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const { watchesAnyway } = await lockWatched(unit, id);
    if (watchesAnyway(userId)) return setMuted(unit, { taskId: id, userId }, true);
    await taskWatchers.removeMany(unit, await taskWatchers.lockMany(unit, { taskId: id, userId }));
  });
}

/**
 * Lets a member watch a task that they see. Somebody who watches it already stays as they are.
 * @throws `permission_denied`, `task_not_found`, `member_not_found`, `watcher_cannot_see`
 */
export async function addWatcher(ctx: ServiceContext, path: WatcherPath): Promise<Watcher> {
  requirePermission(ctx, 'task:update');
  const { taskId: id, userId } = path;
  const seers = await seersOf(ctx, id, [userId]);
  return mutate(ctx, async (unit) => {
    // A membership that ends at the same time must find this row to remove it.
    await lockOrganization(unit);
    const { task, assigneeIds, watchesAnyway } = await lockWatched(unit, id);
    authorize(ctx, 'task:update', taskSubject(task, assigneeIds));
    await requireMember(unit, userId, 'userId');
    if (!seers.has(userId)) throw workErrors.watcher_cannot_see({ field: ['userId'] });
    const known = watchesAnyway(userId) || (await taskWatchers.lockMany(unit, { taskId: id, userId })).length > 0;
    const reason = userId === ctx.principal.userId ? 'self' : 'added';
    if (!known) await addRow(unit, { taskId: id, userId, reason, muted: false });
    return answer(unit, path);
  });
}

/**
 * Removes a watcher of a task. The creator and the assignees stay, whoever asks.
 * @throws `permission_denied`, `task_not_found`, `watcher_not_found`, `watcher_stays`
 */
export async function removeWatcher(ctx: ServiceContext, { taskId: id, userId }: WatcherPath): Promise<void> {
  requirePermission(ctx, 'task:update');
  await mutate(ctx, async (unit) => {
    const { task, assigneeIds, watchesAnyway } = await lockWatched(unit, id);
    authorize(ctx, 'task:update', taskSubject(task, assigneeIds));
    if (watchesAnyway(userId)) throw workErrors.watcher_stays({ field: ['userId'] });
    await taskWatchers.remove(unit, await taskWatchers.lock(unit, { taskId: id, userId }));
  });
}

const commenter = statement((db, { taskId, at }: { taskId: string; at: Date }) =>
  db
    .insertInto('task_watchers')
    .values({
      organization_id: current.organization,
      task_id: taskId,
      user_id: current.user,
      reason: 'commenter',
      muted: false,
      added_at: at,
      added_by_id: current.user,
    })
    // Two comments may come at the same time.
    .onConflict((conflict) => conflict.doNothing()),
);

/** Lets the author of a comment watch the task, unless they do so or have muted it. It records no event of its own. */
export const watchAsCommenter = async (unit: Unit, taskId: string): Promise<void> => {
  await unit.db.run(commenter, { taskId, at: unit.now });
};

/** Removes a departing member from the watchers of all tasks. */
export async function leaveWatched(unit: Unit, userId: string): Promise<void> {
  await unit.delete(TaskWatcherEntity, { userId });
}
