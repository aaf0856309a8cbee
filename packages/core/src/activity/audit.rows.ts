import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type SqlBool } from 'kysely';
import { opensClosed } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { DatabaseScope } from '../database/scope.ts';
import { statement } from '../database/statement.ts';
import type { Principal } from '../kernel/principal.ts';
import type { AuditHead, AuditRow } from './audit.schema.ts';
import { chainedColumns } from './chain.ts';
import { firstPreviousHash } from './check-chain.ts';

/** An organization whose whole trail is read, whatever the reader sees of what the events are about. */
export const wholeTrail = (organizationId: string): DatabaseScope => ({
  door: 'request',
  principal: null,
  organizationId,
  userId: null,
});

/** Whether payloads are withheld: they may be about what is in a private project. */
export const withholds = (principal: Principal): boolean => !opensClosed(principal, 'project:read_private');

/** The seals, with their events. An event that is gone is null. */
export const sealRows = (db: Pick<ReadDoor, 'selectFrom'>) =>
  db
    .selectFrom('event_seals as seal')
    .leftJoin('events', 'events.id', 'seal.event_id')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'seal.event_id')
    .select(['seal.sequence', 'seal.hash', ...chainedColumns, 'event_payloads.salt', 'event_payloads.payload']);

type SealRow = Awaited<ReturnType<ReturnType<typeof sealRows>['execute']>>[number];

const hashesOf = statement((db, { sequences }: { sequences: readonly number[] }, dialect) =>
  db
    .selectFrom('event_seals as seal')
    .select(['seal.sequence', 'seal.hash'])
    .where(
      dialect === 'postgresql'
        ? sql<SqlBool>`seal.sequence = any(${sequences}::int[])`
        : sql<SqlBool>`seal.sequence in (select value from json_each(${sequences}))`,
    ),
);

function auditRowOf(row: SealRow, previousHash: string, withheld: boolean): AuditRow | null {
  const { id, organizationId, type, at, entityType, entityId, requestId, payloadHash } = row;
  const isGone = id === null || organizationId === null || type === null || at === null;
  if (isGone || entityType === null || entityId === null || requestId === null || payloadHash === null) return null;
  const isHidden = withheld || row.payload === null;
  return {
    sequence: row.sequence,
    id,
    organizationId,
    type,
    at,
    actorId: row.actorId,
    apiKeyId: row.apiKeyId,
    entity: { type: entityType, id: entityId },
    parent: row.parentType === null || row.parentId === null ? null : { type: row.parentType, id: row.parentId },
    requestId,
    salt: isHidden ? null : row.salt,
    payload: isHidden ? null : row.payload,
    payloadHash,
    previousHash,
    hash: row.hash,
  };
}

/** Makes rows of the trail. Those whose event is gone are left out. */
export async function auditRowsOf(db: ReadDoor, rows: readonly SealRow[], withheld: boolean): Promise<AuditRow[]> {
  const hashes = new Map(rows.map(({ sequence, hash }) => [sequence, hash]));
  const sequences = rows.flatMap(({ sequence }) => (hashes.has(sequence - 1) ? [] : [sequence - 1]));
  // Not by a join: under row-level security PostgreSQL would read all seals to find the one before.
  for (const { sequence, hash } of await db.run(hashesOf, { sequences })) hashes.set(sequence, hash);
  return rows.flatMap((row) => auditRowOf(row, hashes.get(row.sequence - 1) ?? firstPreviousHash, withheld) ?? []);
}

/** How many rows one query reads. Other requests run between two of them. */
const slice = 200;

interface Part extends Readonly<Record<string, unknown>> {
  after: number;
  through: number;
}

const nextRows = statement((db, { after, through }: Part) =>
  sealRows(db)
    .where('seal.sequence', '>', after)
    .where('seal.sequence', '<=', through)
    .orderBy('seal.sequence')
    .limit(sql.lit(slice)),
);

/** A range of sequences, both ends included. */
export interface TrailRange {
  from: number;
  to: number;
}

/** Reads a part of a trail in its order, in slices. Rows whose event is gone are left out. */
export async function* trailOf(
  { database }: Pick<ServiceContext, 'database'>,
  organizationId: string,
  { from, to }: TrailRange,
  withheld: boolean,
): AsyncGenerator<AuditRow> {
  for (let after = from - 1; after < to;) {
    const { rows, shown } = await database.read(wholeTrail(organizationId), async (db) => {
      const some = await db.run(nextRows, { after, through: to });
      return { rows: some, shown: await auditRowsOf(db, some, withheld) };
    });
    yield* shown;
    if (rows.length < slice) return;
    after = rows.at(-1)?.sequence ?? to;
    await nextTurn();
  }
}

const lastSeal = statement((db) =>
  db
    .selectFrom('event_seals')
    .leftJoin('events', 'events.id', 'event_seals.event_id')
    .select(['event_seals.sequence', 'event_seals.hash', 'events.at'])
    .orderBy('event_seals.sequence', 'desc')
    .limit(sql.lit(1)),
);

/** Reads the end of the trail. */
export async function headOf(
  { database }: Pick<ServiceContext, 'database'>,
  organizationId: string,
): Promise<AuditHead> {
  const [last] = await database.read(wholeTrail(organizationId), (db) => db.run(lastSeal, {}));
  return { organizationId, sequence: last?.sequence ?? 0, hash: last?.hash ?? firstPreviousHash, at: last?.at ?? null };
}
