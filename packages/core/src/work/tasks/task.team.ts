import type { Unit } from '../../database/unit-of-work.ts';
import { tasks } from './task.record.ts';

/** Takes a team that is being deleted from its tasks in the trash: they are no reason to keep it. */
export async function releaseTrashedTasks(unit: Unit, teamId: string): Promise<void> {
  const trashed = await unit.invisible
    .selectFrom('tasks')
    .select('tasks.id')
    .where('tasks.team_id', '=', teamId)
    .where('tasks.deleted_at', 'is not', null)
    .execute();
  const locked = await tasks.lockMany(
    unit,
    { teamId, id: trashed.map(({ id }) => id) },
    { trash: true, invisible: true },
  );
  // Some may have been restored before they were locked.
  const released = locked.filter(({ deletedAt }) => deletedAt !== null);
  await tasks.changeMany(unit, released, { teamId: null });
}
