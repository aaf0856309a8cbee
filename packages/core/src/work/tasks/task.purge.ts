import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { JobHandlers, Schedule } from '../../jobs/index.ts';
import { taskEvents } from './task.events.ts';

const dayMs = 86_400_000;
const daysInTrash = 30;

/** Tasks of one statement. */
const batch = 500;
/** Tasks of one run: what is left waits for the next. */
const mostPerRun = 5000;

/**
 * Deletes for ever what has been in the trash for 30 days, in every organization, and answers how many tasks that were. The
 * unit stands behind the system door.
 */
async function purgeTrash(unit: Unit): Promise<number> {
  const before = new Date(unit.now.getTime() - daysInTrash * dayMs);
  for (let count = 0; ;) {
    // Leaves first, as no task may point at one that is gone.
    const purged = await unit.db
      .deleteFrom('tasks')
      .where((where) =>
        where(
          where.refTuple('tasks.organization_id', 'tasks.id'),
          'in',
          where
            .selectFrom('tasks as old')
            .select(['old.organization_id', 'old.id'])
            .where(sql<boolean>`old.deleted_at < ${before}`)
            .where((old) =>
              old.not(
                old.exists(
                  old
                    .selectFrom('tasks as child')
                    .select('child.id')
                    .whereRef('child.organization_id', '=', 'old.organization_id')
                    .whereRef('child.parent_id', '=', 'old.id'),
                ),
              ),
            )
            .limit(batch)
            .$asTuple('organization_id', 'id'),
        ),
      )
      .returning(['tasks.id', 'tasks.organization_id as organizationId', 'tasks.version'])
      .execute();
    const events = purged.map(({ id, organizationId, version }) =>
      taskEvents.purged.about(id, { data: { version }, organizationId, actorId: null }),
    );
    await recordEvents(unit, ...events);
    count += purged.length;
    if (purged.length === 0 || count >= mostPerRun) return count;
  }
}

export const workHandlers: JobHandlers = {
  'tasks.purge': (_ctx, _payload, job) => job.complete(async (unit) => ({ removed: await purgeTrash(unit) })),
};

export const workSchedules: readonly Schedule[] = [{ name: 'tasks.purge', cron: '15 * * * *', kind: 'tasks.purge' }];
