import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { type LogKeys, type LogPageRequest, readLogPage } from '../database/log-pages.ts';
import { countOf, type PageOrder, pageRequest } from '../database/paging.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { CursorKey } from '../kernel/cursor.ts';
import type { Page } from '../kernel/schemas.ts';
import { actionColumns } from './chain.ts';
import type { ActivityEntry } from './activity.schema.ts';
import { summaryOf } from './catalogue.ts';

export interface EntityEventsRequest {
  entityId: string;
  limit: number;
  cursor?: string | undefined;
  total: boolean;
}

/** A page of the event log. */
export type EventLogPage = LogPageRequest<'events'>;

const id = sql.ref('events.id');

/** The order in which events were recorded. The events of one entity are in the order of its changes then. */
export const byId: PageOrder = { by: id, descending: true, id };

/** The order of the instants at which changes began. */
export const byTime: PageOrder = { by: sql.ref('events.at'), descending: true, id };

/** The events about an entity, and those about what belongs to it. With `or`, a database would read all events of the organization. */
export const eventsAbout =
  (entityId: string): EventLogPage['parts'] =>
  (db) => [
    db.selectFrom('events').where('events.entity_id', '=', entityId),
    db.selectFrom('events').where('events.parent_id', '=', entityId),
  ];

/** What `entryOf` shows, beside the id: of the event, its payload and its actor. */
export const entryColumns = [
  ...actionColumns,
  'event_payloads.payload',
  'users.username',
  'users.full_name as fullName',
] as const;

const rowsOf = (db: ReadDoor, keys: LogKeys) =>
  db
    .selectFrom(keys.as('page'))
    .innerJoin('events', 'events.id', 'page.id')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'page.id')
    .leftJoin('users', 'users.id', 'events.actor_id')
    .select(['page.id', 'page.sortValue', ...entryColumns])
    .orderBy('page.sortValue', 'desc')
    .orderBy('page.id', 'desc')
    .execute();

type Row = Omit<Awaited<ReturnType<typeof rowsOf>>[number], 'sortValue'>;

/** Makes the entry of an event from its row, its payload and the names of its actor. */
export function entryOf({
  actorId,
  username,
  fullName,
  entityType,
  entityId,
  parentType,
  parentId,
  ...row
}: Row): ActivityEntry {
  const actor = actorId === null ? null : { id: actorId, username, fullName };
  return {
    id: row.id,
    type: row.type,
    actor,
    apiKeyId: row.apiKeyId,
    entity: { type: entityType, id: entityId },
    parent: parentType === null || parentId === null ? null : { type: parentType, id: parentId },
    // A payload that had to be forgotten leaves the event.
    changes: row.payload?.changes ?? {},
    data: row.payload?.data ?? {},
    summary: summaryOf(row.type, actor, row.payload),
    at: row.at,
  };
}

/** @param end where the page stops reading; null is the end of the log */
export async function readEvents(db: ReadDoor, log: EventLogPage, end: CursorKey | null) {
  const { rows, nextCursor } = await readLogPage(db, log, end, (keys) => rowsOf(db, keys));
  return { data: rows.map(entryOf), nextCursor };
}

/** What happened to an entity and to what belongs to it, newest first. The caller has found the entity visible. */
export async function eventsOf(
  ctx: ServiceContext,
  db: ReadDoor,
  input: EntityEventsRequest,
): Promise<Page<ActivityEntry>> {
  const request = pageRequest(ctx, `events ${input.entityId}`, '-id', input);
  const parts = eventsAbout(input.entityId);
  const page = await readEvents(db, { request, order: byId, parts }, null);
  if (!input.total) return page;
  const [about = 0, below = 0] = await Promise.all(parts(db).map((part) => countOf(part)));
  return { ...page, total: about + below };
}
