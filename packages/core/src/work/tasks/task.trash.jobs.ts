import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { enqueue, isRefusal, type JobHandlers, type JobPayload, type JobRun, stepRows } from '../../jobs/index.ts';
import { nilId } from '../../kernel/ids.ts';
import { jobPrincipal } from '../../tenancy/index.ts';
import { taskEvents } from './task.events.ts';
import { removeLeaves } from './task.leaves.ts';
import { releaseQuota, takeQuota } from './task.quota.ts';
import { tasks } from './task.record.ts';
import { authorizeSubtasks, type TaskInTree } from './task.trash.ts';
import { childrenOf, countBelow, countTrashedTogether, trashedTogether } from './task.tree.ts';

/*
 * What goes on with trees of more than 500 tasks. Every step decides on its rows for whoever started the job, by their present
 * roles and by the hour at which they started it.
 */

/** How often one step looks for rows. Without a limit, a step in a deep tree would last as long as the tree is deep. */
const mostLooks = 50;

const TrashJob = z.object({ id: z.string(), deletedAt: z.string(), trashId: z.string() });
const RemoveJob = z.object({ id: z.string() });
const RestoreJob = z.object({
  trashId: z.string(),
  /** Whether it undoes a move to the trash that was refused half-way. Then it asks nobody, and no limit. */
  undo: z.boolean().default(false),
});

/** Moves what is below a task in the trash there too, from the top down. */
async function trashRest(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ deleted: number }> {
  const { id, deletedAt, trashId } = TrashJob.parse(payload);
  const trashed = { deletedAt, trashId };
  const event = { event: taskEvents.deleted, data: { trashId, permanent: false } };
  let after = nilId;
  let found = false;

  async function step(unit: Unit): Promise<number | null> {
    let changed = 0;
    for (let look = 0; look < mostLooks && changed < stepRows; look++) {
      const parentIds = await trashedTogether(unit.invisible, { trashId, after, limit: stepRows });
      if (parentIds.length === 0) {
        if (!found && changed === 0) return null;
        if (!found) break;
        // Those that were found may be parents too, and before the last ones.
        [after, found] = [nilId, false];
        continue;
      }
      const limit = stepRows - changed;
      const ids = await childrenOf(unit.invisible, { parentIds, limit }, true);
      if (ids.length < limit) after = parentIds.at(-1) ?? nilId;
      if (ids.length === 0) continue;
      found = true;
      const locked = await tasks.lockMany(unit, { id: ids }, { invisible: true });
      // Some may have been moved elsewhere before they were locked.
      const rows = locked.filter(({ parentId }) => parentId !== null && parentIds.includes(parentId));
      await authorizeSubtasks(unit, rows, job.starter?.at);
      await tasks.changeMany(unit, rows, trashed, event);
      changed += rows.length;
    }
    await releaseQuota(unit, changed);
    return changed;
  }

  try {
    const left = (unit: Unit) => countBelow(unit.invisible, id, true);
    // The task itself was moved before the job was started.
    return { deleted: 1 + (await job.steps(step, { principal: () => jobPrincipal(ctx, job), left })) };
  } catch (error) {
    // No living task stays below one in the trash: all of it comes back.
    if (isRefusal(error))
      await job.steps(async (unit) => {
        await enqueue(unit, 'tasks.restore', { trashId, undo: true });
        return null;
      });
    throw error;
  }
}

/** Brings back what was trashed together. What is below a task that has gone to the trash again meanwhile stays there. */
async function restoreRest(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ restored: number }> {
  const { trashId, undo } = RestoreJob.parse(payload);
  const restored = { deletedAt: null, trashId: null };
  let after = nilId;
  let found = false;

  async function step(unit: Unit): Promise<number | null> {
    const ids = await trashedTogether(unit.invisible, { trashId, after, limit: stepRows });
    after = ids.at(-1) ?? nilId;
    if (ids.length === 0) {
      if (!found) return null;
      found = false;
      return 0;
    }
    const locked = await tasks.lockMany(unit, { id: ids, trashId }, { trash: true, invisible: true });
    const rows = await belowLiving(unit, locked);
    if (rows.length > 0) found = true;
    await authorizeSubtasks(unit, rows, job.starter?.at);
    await tasks.changeMany(unit, rows, restored, { event: taskEvents.restored });
    await (undo ? releaseQuota(unit, -rows.length) : takeQuota(unit, rows.length));
    return rows.length;
  }

  const left = (unit: Unit) => countTrashedTogether(unit.invisible, trashId);
  const done = await job.steps(step, { left, ...(!undo && { principal: () => jobPrincipal(ctx, job) }) });
  return { restored: undo ? done : 1 + done };
}

/** Those of some locked tasks that can live: their parents do, or are among them and can. */
async function belowLiving(unit: Unit, locked: readonly TaskInTree[]): Promise<TaskInTree[]> {
  const parentIds = [...new Set(locked.flatMap(({ parentId }) => parentId ?? []))];
  const living = new Set<string | null>([null]);
  const parents = await tasks.lockMany(unit, { id: parentIds }, { invisible: true, share: true });
  for (const { id } of parents) living.add(id);
  for (let before = 0; before < living.size;) {
    before = living.size;
    for (const { id, parentId } of locked) if (living.has(parentId)) living.add(id);
  }
  return locked.filter(({ id }) => living.has(id));
}

/** Deletes a task and everything below it for ever, from the leaves up, because no task may refer to one that is gone. */
async function removeTree(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ deleted: number }> {
  const { id } = RemoveJob.parse(payload);
  /** The way down to the tasks that come next: some tasks, some of their children, and so on. */
  let levels: string[][] = [[id]];
  const allowed = async (unit: Unit, rows: TaskInTree[]) => {
    await authorizeSubtasks(unit, rows, job.starter?.at);
    return rows;
  };

  async function step(unit: Unit): Promise<number | null> {
    let changed = 0;
    for (let look = 0; look < mostLooks; look++) {
      const level = levels.at(-1);
      if (!level) {
        if ((await tasks.lockMany(unit, { id }, { trash: true, invisible: true })).length === 0) return changed || null;
        // Somebody has added tasks meanwhile, or a step was rolled back.
        levels = [[id]];
        continue;
      }
      const children = await childrenOf(unit.invisible, { parentIds: level, limit: stepRows }, false);
      if (children.length > 0) levels.push(children);
      else if (changed + level.length > stepRows) return changed;
      else {
        levels.pop();
        changed += await removeLeaves(unit, level, (rows) => allowed(unit, rows));
      }
    }
    return changed;
  }

  const left = async (unit: Unit) => {
    const count = await countBelow(unit.invisible, id, false);
    return count === null ? null : count + 1;
  };
  return { deleted: await job.steps(step, { principal: () => jobPrincipal(ctx, job), left }) };
}

export const trashHandlers: JobHandlers = {
  'tasks.delete': (ctx, payload, job) =>
    'trashId' in payload ? trashRest(ctx, payload, job) : removeTree(ctx, payload, job),
  'tasks.restore': restoreRest,
};
