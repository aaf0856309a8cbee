import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { JobHandlers, Schedule } from '../../jobs/index.ts';
import { projectCounter } from '../tasks/index.ts';
import { expiredKeys } from '../trash.ts';
import { projectEvents } from './project.events.ts';
import { memberHandlers } from './project.members.ts';
import { projectTrashHandlers } from './project.trash.ts';

/**
 * Deletes some projects that have been in the trash for 30 days, in every organization. Those whose tasks are still being purged wait.
 * The unit must be behind the system door.
 * @returns how many projects it deleted, or null when nothing was left
 */
async function purgeSome(unit: Unit): Promise<number | null> {
  const { db } = unit;
  const purged = await db
    .deleteFrom('projects')
    .where((of) =>
      of(of.refTuple('projects.organization_id', 'projects.id'), 'in', expiredKeys(unit, 'projects', 'project_id')),
    )
    .returning(['projects.id', 'projects.organization_id as organizationId', 'projects.version'])
    .execute();
  for (const { id, organizationId } of purged)
    await db
      .deleteFrom('counters')
      .where('organization_id', '=', organizationId)
      .where('name', '=', projectCounter(id))
      .execute();
  const events = purged.map(({ id, organizationId, version }) =>
    projectEvents.purged.about(id, { data: { version }, organizationId, actorId: null }),
  );
  await recordEvents(unit, ...events);
  return purged.length || null;
}

export const projectHandlers: JobHandlers = {
  ...projectTrashHandlers,
  ...memberHandlers,
  'projects.purge': async (_ctx, _payload, job) => ({ removed: await job.steps(purgeSome) }),
};

/** Behind the purge of tasks, which projects wait for. */
export const projectSchedules: readonly Schedule[] = [
  { name: 'projects.purge', cron: '25 * * * *', kind: 'projects.purge' },
];
