import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import type { DatabaseScope } from '../database/scope.ts';
import { anyOf } from '../database/sql.ts';
import { current, type RowOf, statement } from '../database/statement.ts';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { entryColumns, entryOf } from './activity.queries.ts';
import { type SentEvent, sentEventOf } from './sent-event.ts';

/** How many events one page of the sealed log has at most. */
export const sealedPage = 500;

/** Shows all events of an organization, whoever sees them. */
const allOf = (organizationId: string): DatabaseScope => ({
  door: 'request',
  principal: null,
  organizationId,
  userId: null,
});

/** Selects sealed events with all that is sent of them. */
const sealedEvents = (db: Pick<ReadDoor, 'selectFrom'>) =>
  db
    .selectFrom('event_seals')
    .innerJoin('events', 'events.id', 'event_seals.event_id')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
    .leftJoin('users', 'users.id', 'events.actor_id')
    .select(['event_seals.sequence', 'event_seals.organization_id as organizationId', 'events.id', ...entryColumns]);

const sealedAfter = statement((db, { after }: { after: number }) =>
  sealedEvents(db)
    .where('event_seals.organization_id', '=', current.organization)
    .where('event_seals.sequence', '>', after)
    .orderBy('event_seals.sequence')
    .limit(sql.lit(sealedPage)),
);

const sealedAmong = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  sealedEvents(db).where(anyOf(dialect, 'events.id', ids)),
);

function sent({ sequence, organizationId, ...row }: RowOf<typeof sealedAfter>): SentEvent {
  return sentEventOf(entryOf(row), organizationId, sequence);
}

/**
 * Reads the events of an organization that follow a sequence, at most a page, in their order. It does not ask who sees them.
 * @param after 0 is the beginning
 */
export async function readSealed(database: Database, organizationId: string, after: number): Promise<SentEvent[]> {
  const rows = await database.read(allOf(organizationId), (db) => db.run(sealedAfter, { after }));
  return rows.map((row) => sent(row));
}

/** Reads some events by their ids: those that are sealed and that the reader sees. */
export async function readSentEvents(db: ReadDoor, ids: readonly string[]): Promise<ReadonlyMap<string, SentEvent>> {
  if (ids.length === 0) return new Map();
  return new Map((await db.run(sealedAmong, { ids })).map((row) => [row.id, sent(row)]));
}

const newest = statement((db) =>
  db
    .selectFrom('event_seals')
    .select('event_seals.sequence')
    .where('event_seals.organization_id', '=', current.organization)
    .orderBy('event_seals.sequence', 'desc')
    .limit(sql.lit(1)),
);

/** The sequence of the newest sealed event of an organization; 0 when there is none. */
export async function sealedHead(database: Database, organizationId: string): Promise<number> {
  const [row] = await database.read(allOf(organizationId), (db) => db.run(newest, {}));
  return row?.sequence ?? 0;
}

const heads = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('organizations')
    .select([
      'organizations.id',
      (of) =>
        of
          .selectFrom('event_seals')
          .select('event_seals.sequence')
          .whereRef('event_seals.organization_id', '=', 'organizations.id')
          .orderBy('event_seals.sequence', 'desc')
          .limit(sql.lit(1))
          .as('sequence'),
    ])
    .where(anyOf(dialect, 'organizations.id', ids)),
);

/** The same for several organizations, by their ids. */
export async function sealedHeads(database: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await readThroughSystemDoor(database, (db) => db.run(heads, { ids }));
  return new Map(rows.map(({ id, sequence }) => [id, sequence ?? 0]));
}

const visibleAmong = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('events')
    .select('events.id')
    .where(anyOf(dialect, 'events.id', ids)),
);

/** The ids of those events among some that the caller sees. */
export async function visibleEvents(ctx: ServiceContext, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await read(ctx, (db: ReadDoor) => db.run(visibleAmong, { ids }));
  return new Set(rows.map(({ id }) => id));
}
