import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { JobHandlers, Schedule } from '../../jobs/index.ts';
import { expiredKeys } from '../trash.ts';
import { commentEvents } from './comment.events.ts';

/**
 * Deletes some comments that have been in the trash for 30 days, in every organization, with their replies. The unit must be behind the
 * system door.
 * @returns how many it deleted beside replies, or null when nothing was left
 */
async function purgeSome(unit: Unit): Promise<number | null> {
  const { db } = unit;
  const purged = await db
    .deleteFrom('comments')
    .where((of) => of(of.refTuple('comments.organization_id', 'comments.id'), 'in', expiredKeys(unit, 'comments')))
    .returning([
      'comments.id',
      'comments.organization_id as organizationId',
      'comments.task_id as taskId',
      'comments.version',
    ])
    .execute();
  const events = purged.map(({ id, organizationId, taskId, version }) =>
    commentEvents.purged.about(id, {
      data: { version },
      parent: { type: 'task', id: taskId },
      organizationId,
      actorId: null,
    }),
  );
  await recordEvents(unit, ...events);
  return purged.length || null;
}

export const commentHandlers: JobHandlers = {
  'comments.purge': async (_ctx, _payload, job) => ({ removed: await job.steps(purgeSome) }),
};

export const commentSchedules: readonly Schedule[] = [
  { name: 'comments.purge', cron: '20 * * * *', kind: 'comments.purge' },
];
