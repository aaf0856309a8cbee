import type { SealedEvent } from '../activity/index.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue, type JobPayload } from '../jobs/index.ts';
import { idsIn, watchersOf } from './news.ts';

/** The job that tells people about events. */
export const tellJob = 'notifications.tell';

/** How long a job waits for others that it then does together. */
const gatheredMs = 2000;

/** Starts a job that tells people something. Jobs that somebody waits for go first. */
export const tellSoon = (unit: Unit, payload: JobPayload, organizationId?: string): Promise<string> =>
  enqueue(unit, tellJob, payload, {
    priority: -5,
    runAt: new Date(unit.now.getTime() + gatheredMs),
    ...(organizationId !== undefined && { organizationId }),
  });

/** The people whom an event names. */
function namedIn({ type, changes, data }: SealedEvent): string[] {
  if (type === 'task.created' || type === 'task.updated') return idsIn(changes['assigneeIds']?.to);
  return type === 'comment.created' || type === 'comment.updated' ? idsIn(data['mentionIds']) : [];
}

/** Whether an event is told to those who watch its task. */
const isForWatchers = ({ type, changes }: SealedEvent): boolean =>
  type === 'comment.created' || (type === 'task.updated' && changes['status'] !== undefined);

const taskIdOf = ({ entity, parent }: SealedEvent): string => (entity.type === 'task' ? entity : (parent ?? entity)).id;

/** Types of events that are told to people whom only a query finds. */
const isForOthers: ReadonlySet<string> = new Set(['member.invited', 'webhook.disabled']);

/** Starts one job for those events that somebody else may have to be told about. For the others it writes nothing. */
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
