import type { SealedEvent } from '../activity/index.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue, type JobPayload } from '../jobs/index.ts';
import { idsIn, watchersOf } from './news.ts';

/** The job that notifies people of events. */
export const tellJob = 'notifications.tell';

/** How long a job waits for others, to do their work together with its own. */
const gatheredMs = 2000;

/** Starts a job that notifies people. Jobs that somebody waits for run first. */
export const tellSoon = (unit: Unit, payload: JobPayload, organizationId?: string): Promise<string> =>
  enqueue(unit, tellJob, payload, {
    priority: -5,
    runAt: new Date(unit.now.getTime() + gatheredMs),
    ...(organizationId !== undefined && { organizationId }),
  });

/** The people that an event names. */
function namedIn({ type, changes, data }: SealedEvent): string[] {
  if (type === 'task.created' || type === 'task.updated') return idsIn(changes['assigneeIds']?.to);
  return type === 'comment.created' || type === 'comment.updated' ? idsIn(data['mentionIds']) : [];
}

/** Whether the watchers of the task are notified of an event. */
const isForWatchers = ({ type, changes }: SealedEvent): boolean =>
  type === 'comment.created' || (type === 'task.updated' && changes['status'] !== undefined);

const taskIdOf = ({ entity, parent }: SealedEvent): string => (entity.type === 'task' ? entity : (parent ?? entity)).id;

/** Types of events whose recipients only a query can find. */
const isForOthers: ReadonlySet<string> = new Set(['member.invited', 'webhook.disabled']);

/** Starts one job for all events that may concern somebody else. It writes nothing for other events. */
export async function tellLater(unit: Unit, organizationId: string, events: readonly SealedEvent[]): Promise<void> {
  const loud = events.filter(({ quiet }) => !quiet);
  const watchers = await watchersOf(unit.db, organizationId, loud.filter(isForWatchers).map(taskIdOf));
  const news = loud.filter((event) => {
    const watching = isForWatchers(event) ? (watchers.get(taskIdOf(event))?.watching ?? []) : [];
    const concerned = [...namedIn(event), ...watching];
    return isForOthers.has(event.type) || concerned.some((userId) => userId !== event.actorId);
  });
  if (news.length > 0) await tellSoon(unit, { events: news.map(({ id }) => id) }, organizationId);
}
