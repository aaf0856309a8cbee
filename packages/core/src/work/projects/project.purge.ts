import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { type JobHandlers, type Schedule, stepRows } from '../../jobs/index.ts';
import { projectCounter } from '../tasks/index.ts';
import { projectEvents } from './project.events.ts';
import { memberHandlers } from './project.members.ts';
import { keptSince } from '../trash.ts';
import { projectTrashHandlers } from './project.trash.ts';

/**
 * Deletes some projects that have been in the trash for 30 days, in every organization. Those whose tasks are still being purged wait.
 * The unit must be behind the system door.
 * @returns how many projects it deleted, or null when nothing was left
 */
async function purgeSome(unit: Unit): Promise<number | null> {
  const { db, now } = unit;
  const purged = await db
    .deleteFrom('projects')
    .where((where) => {
      const old = where
        .selectFrom('projects as old')
        .select(['old.organization_id', 'old.id'])
        .where(sql<boolean>`old.deleted_at <= ${keptSince(now)}`)
        .where((of) =>
          of.not(
            of.exists(
              of
                .selectFrom('tasks')
                .select('tasks.id')
                .whereRef('tasks.organization_id', '=', 'old.organization_id')
                .whereRef('tasks.project_id', '=', 'old.id'),
            ),
          ),
        )
        .limit(stepRows);
      // Whoever has locked a project may be restoring it.
      const free = db.dialect === 'postgresql' ? old.forUpdate('old').skipLocked() : old;
      return where(
        where.refTuple('projects.organization_id', 'projects.id'),
        'in',
        free.$asTuple('organization_id', 'id'),
      );
    })
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
