import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { opensClosed } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { DatabaseScope } from '../database/scope.ts';
import { statement } from '../database/statement.ts';
import type { Principal } from '../kernel/principal.ts';
import type { AuditHead, AuditRow } from './audit.schema.ts';
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

/** The seals, with their events and the seals before them. An event that is gone is null. */
export const sealRows = (db: Pick<ReadDoor, 'selectFrom'>) =>
  db
    .selectFrom('event_seals')
    .leftJoin('events', 'events.id', 'event_seals.event_id')
    .leftJoin('event_payloads', 'event_payloads.event_id', 'event_seals.event_id')
    .leftJoin('event_seals as before', (join) =>
      join
        .onRef('before.organization_id', '=', 'event_seals.organization_id')
        .on(sql`before.sequence`, '=', sql`event_seals.sequence - 1`),
    )
    .select([
      'event_seals.sequence',
      'event_seals.hash',
      'before.hash as previousHash',
      'events.id',
      'events.organization_id as organizationId',
      'events.type',
      'events.at',
      'events.actor_id as actorId',
      'events.api_key_id as apiKeyId',
      'events.entity_type as entityType',
      'events.entity_id as entityId',
      'events.parent_type as parentType',
      'events.parent_id as parentId',
      'events.request_id as requestId',
      'events.payload_hash as payloadHash',
      'event_payloads.salt',
      'event_payloads.payload',
    ]);

type SealRow = Awaited<ReturnType<ReturnType<typeof sealRows>['execute']>>[number];

/** @returns null when the event is gone */
export function auditRowOf(row: SealRow, withheld: boolean): AuditRow | null {
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
    previousHash: row.previousHash ?? firstPreviousHash,
    hash: row.hash,
  };
}

/** How many rows one query reads. Other requests run between two of them. */
const slice = 200;

interface Part extends Readonly<Record<string, unknown>> {
  after: number;
  through: number;
}

const nextRows = statement((db, { after, through }: Part) =>
  sealRows(db)
    .where('event_seals.sequence', '>', after)
    .where('event_seals.sequence', '<=', through)
    .orderBy('event_seals.sequence')
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
    const rows = await database.read(wholeTrail(organizationId), (db) => db.run(nextRows, { after, through: to }));
    for (const row of rows) {
      const shown = auditRowOf(row, withheld);
      if (shown) yield shown;
    }
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
