import { type Kysely, sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Dialect } from '../database/engine.ts';
import { anyOf, useIndexes } from '../database/sql.ts';
import type { Tables } from '../database/schema.ts';
import { listedValue } from '../database/sqlite-values.ts';
import { type RowOf, statement } from '../database/statement.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { Changes } from '../kernel/changes.ts';
import { defineHooks } from '../kernel/hooks.ts';
import { chainedColumns, chainHash } from './chain.ts';
import { firstPreviousHash } from './check-chain.ts';
import { sealedChannel, tellSealed } from './seal.signals.ts';

/** An event with its place in the chain of its organization. */
export interface SealedEvent {
  readonly id: string;
  /** 1 for the first event of the organization, without gaps. */
  readonly sequence: number;
  readonly type: string;
  readonly at: string;
  readonly organizationId: string;
  readonly actorId: string | null;
  readonly apiKeyId: string | null;
  readonly entity: { readonly type: string; readonly id: string };
  readonly parent: { readonly type: string; readonly id: string } | null;
  readonly requestId: string;
  /** Whether nobody is told about it, because the data is made up. */
  readonly quiet: boolean;
  /** Empty when it was erased before the event was sealed, and so is `data`. */
  readonly changes: Changes;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Runs with the events of one organization that a transaction seals, in this transaction. What must react to events adds its work here, so
 * that the work of an event exists exactly when the event is sealed. The unit is behind the system door. A hook that throws keeps the events
 * of the organization from being sealed, so it only adds rows: what may fail for one event belongs into a job.
 */
export const eventsSealed = defineHooks<[unit: Unit, organizationId: string, events: readonly SealedEvent[]]>();

interface Some extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
  walkedTo: string;
}

/** How many events one transaction seals. */
export const mostSealed = 1_000;

/** The entities that some events are about. */
const entitiesOf = (db: Kysely<Tables>, { ids }: Some, dialect: Dialect) =>
  db
    .selectFrom('events')
    .select(['events.organization_id', 'events.entity_id'])
    .distinct()
    .where(anyOf(dialect, 'events.id', ids))
    .as('entity');

/** All events about the same entities that may be unsealed. PostgreSQL is made to look for those of each entity, by its index. */
const eventsBeside = (db: Kysely<Tables>, some: Some, dialect: Dialect) =>
  dialect === 'sqlite'
    ? db
        .selectFrom(entitiesOf(db, some, dialect))
        .innerJoin('events as other', (join) =>
          join
            .onRef('other.organization_id', '=', 'entity.organization_id')
            .onRef('other.entity_id', '=', 'entity.entity_id'),
        )
        .select('other.id')
        .where('other.id', '>', some.walkedTo)
    : db
        .selectFrom(entitiesOf(db, some, dialect))
        .innerJoinLateral(
          (inner) =>
            inner
              .selectFrom('events')
              .select('events.id')
              .whereRef('events.organization_id', '=', 'entity.organization_id')
              .whereRef('events.entity_id', '=', 'entity.entity_id')
              .where('events.id', '>', some.walkedTo)
              // Keeps PostgreSQL from making one join of all, which reads all recent events.
              .offset(sql.lit(0))
              .as('other'),
          (join) => join.onTrue(),
        )
        .select('other.id');

/** Some events, and all others about the same entities, as far as they are not sealed. A change that another server has committed is among them. */
const unsealedIds = statement((db, some: Some, dialect) =>
  db
    .selectFrom(
      db
        .selectFrom('events')
        .select('events.id')
        .where(anyOf(dialect, 'events.id', some.ids))
        .union(eventsBeside(db, some, dialect))
        .as('some'),
    )
    .leftJoin('event_seals', 'event_seals.event_id', 'some.id')
    .where('event_seals.event_id', 'is', null)
    .select('some.id')
    .orderBy('some.id')
    .limit(sql.lit(mostSealed)),
);

const eventsById = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('events')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
    .where(anyOf(dialect, 'events.id', ids))
    .select([...chainedColumns, 'events.quiet', 'event_payloads.payload'])
    .orderBy('events.id'),
);

type EventRow = RowOf<typeof eventsById>;

/** A list of values as a table. */
const listOf = (dialect: Dialect, ids: unknown) =>
  dialect === 'postgresql'
    ? sql`unnest(${asId(ids)}::uuid[]) as given(id)`
    : sql`(select ${sql.raw(listedValue.id)} as id from json_each(${asId(ids)})) as given`;

interface Head {
  organizationId: string;
  sequence: number;
  hash: string;
}

/** The last seal of each of some organizations. Those that are erased are left out: what is left of their events is never sealed. */
const heads = statement<{ organizationIds: readonly string[] }, { [Name in keyof Head]: Head[Name] | null }>(
  (db, { organizationIds }, dialect) => {
    // By a join, PostgreSQL would read the whole chain.
    const last = sql`from event_seals where organization_id = given.id order by sequence desc limit 1`;
    const query = sql<Head>`select organizations.id as "organizationId",
        (select sequence ${last}) as sequence, (select hash ${last}) as hash
      from ${listOf(dialect, organizationIds)} join organizations on organizations.id = given.id`;
    return { compile: () => query.compile(db) };
  },
);

interface Seals extends Readonly<Record<string, unknown>> {
  organizationIds: readonly string[];
  sequences: readonly number[];
  eventIds: readonly string[];
  hashes: readonly string[];
  /** The same in one list, for SQLite. */
  rows: readonly (readonly unknown[])[];
}

/** One statement, however many seals there are. */
const addSeals = statement<Seals, never>((db, { organizationIds, sequences, eventIds, hashes, rows }, dialect) => {
  const given =
    dialect === 'postgresql'
      ? sql`select * from unnest(${asId(organizationIds)}::uuid[], ${sequences}::int[], ${asId(eventIds)}::uuid[], ${hashes}::text[])`
      : sql`select unhex(value ->> 0, '-'), value ->> 1, unhex(value ->> 2, '-'), value ->> 3 from json_each(${asId(rows)})`;
  const query = sql<never>`insert into event_seals (organization_id, sequence, event_id, hash) ${given}`;
  return { compile: () => query.compile(db) };
});

/** Any number that nobody else takes for an advisory lock. */
const chainLock = 7_203_685;

/**
 * Also makes the transaction use indexes. Measured among 20,000 events, with plans from when there were three: `unsealedIds` reads 1,994
 * pages for one event without the setting, in three sequential scans, and 1,028 pages with it. Once the tables are analyzed, it reads 12
 * pages either way.
 */
const tryToLock = statement<Record<string, never>, { locked: boolean }>((db) => {
  const query = sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(chainLock)}) as locked,
    ${useIndexes}`;
  return { compile: () => query.compile(db) };
});

/** PostgreSQL sends it to those who listen when the transaction commits. */
const notify = statement<{ payloads: readonly string[] }, never>((db, { payloads }) => {
  const query = sql<never>`select pg_notify(${sql.lit(sealedChannel)}, payload) from unnest(${payloads}::text[]) as given(payload)`;
  return { compile: () => query.compile(db) };
});

const versionOf = ({ payload }: EventRow): number | null => {
  const version = payload?.data['version'];
  return typeof version === 'number' ? version : null;
};

/**
 * Puts events into the order in which they are sealed: that of their ids, but those of one entity in the order of its versions. The clocks of
 * two servers that change an entity in turn may differ, and then the order of ids is another one.
 */
function inOrder(events: readonly EventRow[]): EventRow[] {
  const ordered = [...events];
  for (const places of Map.groupBy(events.keys(), (place) => events[place]?.entityId).values()) {
    const versioned = places.flatMap((place) => {
      const event = events[place];
      const version = event && versionOf(event);
      return event && typeof version === 'number' ? [{ place, event, version }] : [];
    });
    const sorted = versioned.toSorted((a, b) => a.version - b.version);
    for (const [index, { place }] of versioned.entries()) {
      const next = sorted[index];
      if (next) ordered[place] = next.event;
    }
  }
  return ordered;
}

interface Seal {
  event: SealedEvent;
  hash: string;
}

/** Continues the chain of an organization. */
function chain({ organizationId, ...head }: Head, rows: readonly EventRow[]): Seal[] {
  let { sequence, hash } = head;
  return inOrder(rows).map((row) => {
    const { entityType, entityId, parentType, parentId, payloadHash, payload, ...event } = row;
    const placed = {
      ...event,
      organizationId,
      sequence: ++sequence,
      entity: { type: entityType, id: entityId },
      parent: parentType === null || parentId === null ? null : { type: parentType, id: parentId },
    };
    hash = chainHash(hash, { ...placed, payloadHash });
    return { event: { ...placed, changes: payload?.changes ?? {}, data: payload?.data ?? {} }, hash };
  });
}

/** What a transaction has sealed: how many events, and the last sequence of each organization. */
interface Sealed {
  count: number;
  last: ReadonlyMap<string, number>;
}

const nothing: Sealed = { count: 0, last: new Map() };

async function sealIn(unit: Unit, rows: readonly EventRow[]): Promise<Sealed> {
  const { db } = unit;
  const byOrganization = Map.groupBy(rows, ({ organizationId }) => organizationId);
  const given = [...byOrganization.keys()].filter((id) => id !== null);
  const known = await db.run(heads, { organizationIds: given });
  const chains = known.flatMap(({ organizationId, sequence, hash }) => {
    const events = byOrganization.get(organizationId);
    if (organizationId === null || !events) return [];
    return [chain({ organizationId, sequence: sequence ?? 0, hash: hash ?? firstPreviousHash }, events)];
  });
  const seals = chains.flat();
  if (seals.length === 0) return nothing;
  const organizationIds = seals.map(({ event }) => event.organizationId);
  const sequences = seals.map(({ event }) => event.sequence);
  const eventIds = seals.map(({ event }) => event.id);
  const hashes = seals.map(({ hash }) => hash);
  const list = seals.map(({ event, hash }) => [event.organizationId, event.sequence, event.id, hash]);
  const last = new Map(seals.map(({ event }) => [event.organizationId, event.sequence]));
  const payloads = [...last].map(([id, sequence]) => `${id} ${sequence}`);
  await Promise.all([
    db.run(addSeals, { organizationIds, sequences, eventIds, hashes, rows: list }),
    ...(db.dialect === 'postgresql' ? [db.run(notify, { payloads })] : []),
    ...chains.map((some) =>
      eventsSealed.run(
        unit,
        some[0]?.event.organizationId ?? '',
        some.map(({ event }) => event),
      ),
    ),
  ]);
  return { count: seals.length, last };
}

/**
 * Seals those of some events that are not sealed yet, and others about the same entities, but not more than `mostSealed`: the oldest. On
 * PostgreSQL one transaction seals at a time.
 * @param walkedTo all events with lower ids are sealed
 * @returns how many it has sealed. Null when another process was sealing.
 */
export async function sealEvents(
  ctx: ServiceContext,
  ids: readonly string[],
  walkedTo: string,
): Promise<number | null> {
  const { database } = ctx;
  const sealed = await writeThroughSystemDoor(
    ctx,
    async (unit) => {
      // The events are read by a later statement, which sees what those who had the lock before have sealed.
      if (unit.db.dialect === 'postgresql' && (await unit.db.run(tryToLock, {}))[0]?.locked !== true) return null;
      const open = await unit.db.run(unsealedIds, { ids, walkedTo });
      if (open.length === 0) return nothing;
      const rows = await unit.db.run(eventsById, { ids: open.map(({ id }) => id) });
      return sealIn(unit, rows);
    },
    // On SQLite it is an ordinary member of a group of writes.
    false,
  );
  for (const [organizationId, last] of sealed?.last ?? []) tellSealed(database, organizationId, last);
  return sealed && sealed.count;
}
