import type { Unit } from '../../database/unit-of-work.ts';
import { releaseQuota } from './task.quota.ts';
import { tasks } from './task.record.ts';
import type { TaskInTree } from './task.trash.ts';
import { parentsAmong } from './task.tree.ts';

/**
 * Deletes those of some tasks for ever that no task is below.
 * @param allowed the rows among these that may be deleted; or it throws
 * @returns how many it deleted
 */
export async function removeLeaves(
  unit: Unit,
  ids: readonly string[],
  allowed: (rows: TaskInTree[]) => Promise<TaskInTree[]>,
): Promise<number> {
  const locked = await tasks.lockMany(unit, { id: ids }, { trash: true, invisible: true });
  const parents = await parentsAmong(
    unit.invisible,
    locked.map(({ id }) => id),
  );
  const leaves = await allowed(locked.filter(({ id }) => !parents.has(id)));
  await tasks.removeMany(unit, leaves, { data: { permanent: true } });
  await releaseQuota(unit, leaves.filter(({ deletedAt }) => !deletedAt).length);
  return leaves.length;
}
