import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { countOf, pageRequest, readPage } from '../database/paging.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Page } from '../kernel/schemas.ts';
import type { ActivityEntry } from './activity.schema.ts';

export interface EntityEventsRequest {
  entityId: string;
  limit: number;
  cursor?: string | undefined;
  total: boolean;
}

/** What happened to an entity and to what belongs to it, newest first. The caller has found the entity visible. */
export async function eventsOf(
  ctx: ServiceContext,
  db: ReadDoor,
  input: EntityEventsRequest,
): Promise<Page<ActivityEntry>> {
  const id = sql`events.id`;
  const request = pageRequest(ctx, `events ${input.entityId}`, '-id', input);
  const query = db
    .selectFrom('events')
    .where((where) =>
      where.or([where('events.entity_id', '=', input.entityId), where('events.parent_id', '=', input.entityId)]),
    );
  const columns = query
    .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
    .leftJoin('users', 'users.id', 'events.actor_id')
    .select([
      'events.id',
      'events.type',
      'events.actor_id as actorId',
      'events.api_key_id as apiKeyId',
      'events.entity_type as entityType',
      'events.entity_id as entityId',
      'events.at',
      'event_payloads.payload',
      'users.username',
      'users.full_name as fullName',
    ]);
  const { rows, nextCursor } = await readPage(columns, { by: id, descending: true, id }, request);
  const data = rows.map((row): ActivityEntry => ({
    id: row.id,
    type: row.type,
    actor: row.actorId === null ? null : { id: row.actorId, username: row.username, fullName: row.fullName },
    apiKeyId: row.apiKeyId,
    entity: { type: row.entityType, id: row.entityId },
    // A payload that had to be forgotten leaves the event.
    changes: row.payload?.changes ?? {},
    data: row.payload?.data ?? {},
    at: row.at,
  }));
  return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
}
