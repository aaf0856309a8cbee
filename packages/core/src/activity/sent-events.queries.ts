import type { ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import { entryOf } from './activity.queries.ts';
import { type SentEvent, sentEventOf } from './sent-event.ts';

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const sealedAmong = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('events')
    .innerJoin('event_seals', 'event_seals.event_id', 'events.id')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
    .leftJoin('users', 'users.id', 'events.actor_id')
    .select([
      'event_seals.sequence',
      'event_seals.organization_id as organizationId',
      'events.id',
      'events.type',
      'events.actor_id as actorId',
      'events.api_key_id as apiKeyId',
      'events.entity_type as entityType',
      'events.entity_id as entityId',
      'events.parent_type as parentType',
      'events.parent_id as parentId',
      'events.at',
      'event_payloads.payload',
      'users.username',
      'users.full_name as fullName',
    ])
    .where(anyOf(dialect, 'events.id', ids)),
);

/** Reads some events as they are sent to others, by their ids: those that are sealed and that the reader sees. */
export async function readSentEvents(db: ReadDoor, ids: readonly string[]): Promise<ReadonlyMap<string, SentEvent>> {
  if (ids.length === 0) return new Map();
  const rows = await db.run(sealedAmong, { ids });
  return new Map(
    rows.map(({ sequence, organizationId, ...row }) => [row.id, sentEventOf(entryOf(row), organizationId, sequence)]),
  );
}
