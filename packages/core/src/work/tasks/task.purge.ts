import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { JobHandlers, Schedule } from '../../jobs/index.ts';
import { expiredKeys } from '../trash.ts';
import { taskEvents } from './task.events.ts';
import { emptyTrashHandlers } from './task.empty.ts';
import { reassignHandlers } from './task.reassign.ts';
import { trashHandlers } from './task.trash.jobs.ts';

/**
 * Deletes some of what has been in the trash for 30 days, in every organization. The unit must be behind the system door.
 * @returns how many tasks it deleted, or null when nothing was left
 */
async function purgeSome(unit: Unit): Promise<number | null> {
  const { db } = unit;
  // Leaves first, because no task may refer to one that is gone.
  const purged = await db
    .deleteFrom('tasks')
    .where((of) => of(of.refTuple('tasks.organization_id', 'tasks.id'), 'in', expiredKeys(unit, 'tasks', 'parent_id')))
    .returning(['tasks.id', 'tasks.organization_id as organizationId', 'tasks.version'])
    .execute();
  const events = purged.map(({ id, organizationId, version }) =>
    taskEvents.purged.about(id, { data: { version }, organizationId, actorId: null }),
  );
  await recordEvents(unit, ...events);
  return purged.length || null;
}

export const taskHandlers: JobHandlers = {
  'tasks.purge': async (_ctx, _payload, job) => ({ removed: await job.steps(purgeSome) }),
  ...trashHandlers,
  ...emptyTrashHandlers,
  ...reassignHandlers,
};

export const taskSchedules: readonly Schedule[] = [{ name: 'tasks.purge', cron: '15 * * * *', kind: 'tasks.purge' }];
