import type { Unit } from '../database/unit-of-work.ts';
import { pooledRandomBytes, uuidv7 } from '../kernel/ids.ts';
import type { NewEvent } from './catalogue.ts';
import { payloadHash } from './chain.ts';
import { EventEntity, EventPayloadEntity } from './event.entity.ts';
import { tellCommitted } from './seal.signals.ts';

/** Writes events in the transaction of the change that they report. Answers their ids. */
export async function recordEvents(unit: Unit, ...events: NewEvent[]): Promise<string[]> {
  if (events.length === 0) return [];
  const { principal } = unit.ctx;
  const rows = events.map((event) => {
    const { organizationId = unit.scope.organizationId, actorId = unit.scope.userId, ...fields } = event.fields;
    const payload = { changes: fields.changes, data: fields.data };
    const salt = Buffer.from(pooledRandomBytes(16));
    unit.events.push({ type: event.type, entity: event.entity, ...payload });
    return {
      event,
      actorId,
      apiKeyId: principal !== null && actorId === principal.userId ? (principal.apiKeyId ?? null) : null,
      id: uuidv7(),
      organizationId,
      payload,
      salt: salt.toString('base64url'),
      payloadHash: payloadHash(salt, payload),
    };
  });
  const written = unit.insert(
    EventEntity,
    ...rows.map(({ event, salt: _salt, payload: _payload, ...row }) => ({
      ...row,
      type: event.type,
      entityType: event.entity.type,
      entityId: event.entity.id,
      parentType: event.fields.parent?.type ?? null,
      parentId: event.fields.parent?.id ?? null,
      requestId: unit.ctx.requestId,
      quiet: unit.ctx.quiet ?? false,
      at: unit.now,
    })),
  );
  const payloads = unit.insert(
    EventPayloadEntity,
    ...rows.map(({ id, organizationId, salt, payload }) => ({ eventId: id, organizationId, salt, payload })),
  );
  const committed = rows.flatMap(({ id, organizationId }) => (organizationId === null ? [] : [{ id, organizationId }]));
  if (committed.length > 0) unit.afterCommit(() => tellCommitted(unit.ctx.database, committed));
  await Promise.all([written, payloads]);
  return rows.map(({ id }) => id);
}
