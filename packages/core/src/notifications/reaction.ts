import type { RecordedEvent } from '../activity/index.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue, type JobPayload } from '../jobs/index.ts';

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

const idsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []);

/** The people whom an event may concern. Null when nobody can say that without a query. */
function concerned({ type, changes, data, audience: given }: RecordedEvent): readonly string[] | null {
  const audience = given ?? null;
  switch (type) {
    case 'task.created':
      return audience ?? idsIn(changes['assigneeIds']?.to);
    case 'task.updated':
      return changes['assigneeIds'] || changes['status'] ? audience : [];
    case 'comment.created':
      return audience && [...audience, ...idsIn(data['mentionIds'])];
    case 'comment.updated':
      return idsIn(data['mentionIds']);
    case 'member.invited':
      return null;
    default:
      return [];
  }
}

/** Starts one job for those events of a unit that somebody else may have to be told about. For the others it writes nothing. */
export async function tellLater(unit: Unit, events: readonly RecordedEvent[]): Promise<void> {
  if (unit.ctx.quiet) return;
  const news = events.filter((event) => concerned(event)?.some((userId) => userId !== event.actorId) ?? true);
  if (news.length > 0) await tellSoon(unit, { events: news.map(({ id }) => id) });
}
