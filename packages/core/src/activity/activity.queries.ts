import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { countOf, paged, type PageOrder, pageRequest, pageValues, readPage, startOf } from '../database/paging.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Page } from '../kernel/schemas.ts';
import type { ActivityEntry } from './activity.schema.ts';

export interface EntityEventsRequest {
  entityId: string;
  limit: number;
  cursor?: string | undefined;
  total: boolean;
}

/** The newest first. */
const orderIn = (table: string): PageOrder => {
  const id = sql.ref(`${table}.id`);
  return { by: id, descending: true, id };
};

/** What happened to an entity and to what belongs to it, newest first. The caller has found the entity visible. */
export async function eventsOf(
  ctx: ServiceContext,
  db: ReadDoor,
  input: EntityEventsRequest,
): Promise<Page<ActivityEntry>> {
  const { entityId } = input;
  const request = pageRequest(ctx, `events ${entityId}`, '-id', input);
  const about = db.selectFrom('events').where('events.entity_id', '=', entityId);
  const below = db.selectFrom('events').where('events.parent_id', '=', entityId);
  // Each of the two reads a page in the order of its own index. With `or`, a database would read all events of the organization.
  const newest = (side: typeof about, name: string) =>
    db
      .selectFrom(
        paged(side.selectAll('events'), orderIn('events'), startOf(request), pageValues(request)).as(name as 'side'),
      )
      .select(['id', 'type', 'actor_id', 'api_key_id', 'entity_type', 'entity_id', 'at']);
  const columns = db
    .selectFrom(newest(about, 'about').unionAll(newest(below, 'below')).as('told'))
    .leftJoin('event_payloads', 'event_payloads.event_id', 'told.id')
    .leftJoin('users', 'users.id', 'told.actor_id')
    .select([
      'told.id',
      'told.type',
      'told.actor_id as actorId',
      'told.api_key_id as apiKeyId',
      'told.entity_type as entityType',
      'told.entity_id as entityId',
      'told.at',
      'event_payloads.payload',
      'users.username',
      'users.full_name as fullName',
    ]);
  const { rows, nextCursor } = await readPage(columns, orderIn('told'), request);
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
  return { data, nextCursor, ...(input.total ? { total: (await countOf(about)) + (await countOf(below)) } : {}) };
}
