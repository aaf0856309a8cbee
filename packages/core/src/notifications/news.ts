import type { ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { type RowOf, statement } from '../database/statement.ts';
import type { Changes } from '../kernel/changes.ts';
import { readWatchers } from '../work/index.ts';
import type { NotificationType } from './notification.types.ts';

/** Something that people may be notified of, before it is known whether they see it. */
export interface News {
  /** The id of the event. Notifications have the same id, so they are in the order of the events. Null without an event. */
  id: string | null;
  /** Identifies the news in one text, because nobody is notified twice of the same thing. */
  newsKey: string;
  type: NotificationType;
  userIds: readonly string[];
  actorId: string | null;
  entity: { type: string; id: string };
  taskId: string | null;
  commentId: string | null;
  details: Record<string, unknown>;
}

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const eventRows = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('events')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
    .select([
      'events.id',
      'events.type',
      'events.actor_id as actorId',
      'events.entity_type as entityType',
      'events.entity_id as entityId',
      'events.parent_id as parentId',
      'event_payloads.payload',
    ])
    .where(anyOf(dialect, 'events.id', ids))
    .orderBy('events.id'),
);

type EventRow = RowOf<typeof eventRows>;

/** The watchers of a task, and those of them who have muted it. */
interface Watching {
  watching: readonly string[];
  muted: ReadonlySet<string>;
}

const nobody: Watching = { watching: [], muted: new Set() };

/** Reads the watchers of each of some tasks of an organization. */
export async function watchersOf(
  db: ReadDoor,
  organizationId: string,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, Watching>> {
  if (taskIds.length === 0) return new Map();
  const rows = Map.groupBy(await readWatchers(db, organizationId, [...new Set(taskIds)]), ({ taskId }) => taskId);
  const of = (wanted: boolean, some: readonly { userId: string; muted: boolean }[]) =>
    some.filter(({ muted }) => muted === wanted).map(({ userId }) => userId);
  return new Map([...rows].map(([id, some]) => [id, { watching: of(false, some), muted: new Set(of(true, some)) }]));
}

/** The ids in a value of an event. */
export const idsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];

const without = (ids: readonly string[], others: readonly string[]): string[] =>
  ids.filter((id) => !others.includes(id));

/** What an event means to different people. For each person, the first reading that concerns them counts. */
function* readings(
  { id, type, entityId, payload }: EventRow,
  { watching }: Watching,
): Generator<Pick<News, 'type' | 'newsKey' | 'userIds' | 'details'>> {
  const changes: Changes = payload?.changes ?? {};
  const { assigneeIds, status } = changes;
  const assigned = without(idsIn(assigneeIds?.to), idsIn(assigneeIds?.from));
  const mentioned = idsIn(payload?.data['mentionIds']);
  // Editing a comment mentions nobody a second time.
  const mention = { type: 'task.mentioned', newsKey: `mention ${entityId}`, details: {} } as const;
  switch (type) {
    case 'task.created':
      yield { type: 'task.assigned', newsKey: id, userIds: assigned, details: {} };
      return;
    case 'task.updated':
      yield { type: 'task.assigned', newsKey: id, userIds: assigned, details: {} };
      if (status)
        yield {
          type: 'task.status_changed',
          newsKey: id,
          userIds: without(watching, assigned),
          details: { from: status.from, to: status.to },
        };
      return;
    case 'comment.created':
      yield { ...mention, userIds: mentioned };
      yield { type: 'task.commented', newsKey: id, userIds: without(watching, mentioned), details: {} };
      return;
    case 'comment.updated':
      yield { ...mention, userIds: mentioned };
  }
}

/** Reads some events, and the people who are concerned by now. This leaves out the actor and everybody who has muted the task. */
export async function newsOf(
  db: ReadDoor,
  organizationId: string,
  ids: readonly string[],
): Promise<{ news: News[]; invitations: EventRow[]; disabledWebhooks: EventRow[] }> {
  const rows = await db.run(eventRows, { ids });
  const taskIdOf = ({ entityType, entityId, parentId }: EventRow) => (entityType === 'task' ? entityId : parentId);
  const watchers = await watchersOf(
    db,
    organizationId,
    rows.flatMap((row) => taskIdOf(row) ?? []),
  );
  const news = rows.flatMap((row): News[] => {
    const taskId = taskIdOf(row);
    if (taskId === null) return [];
    const of = watchers.get(taskId) ?? nobody;
    return [...readings(row, of)].map((reading) => ({
      ...reading,
      id: row.id,
      userIds: reading.userIds.filter((userId) => userId !== row.actorId && !of.muted.has(userId)),
      actorId: row.actorId,
      entity: { type: row.entityType, id: row.entityId },
      taskId,
      commentId: row.entityType === 'comment' ? row.entityId : null,
    }));
  });
  return {
    news,
    invitations: rows.filter(({ type }) => type === 'member.invited'),
    disabledWebhooks: rows.filter(({ type }) => type === 'webhook.disabled'),
  };
}
