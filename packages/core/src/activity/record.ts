import { createHash } from 'node:crypto';
import type { Unit } from '../database/unit-of-work.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { pooledRandomBytes, uuidv7 } from '../kernel/ids.ts';
import type { NewEvent } from './catalogue.ts';
import { EventEntity, EventPayloadEntity } from './event.entity.ts';

/** Writes events in the transaction of the change that they report. */
export async function recordEvents(unit: Unit, ...events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
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
      payloadHash: createHash('sha256').update(salt).update(canonicalJson(payload)).digest('base64url'),
    };
  });
  const written = unit.insert(
    EventEntity,
    ...rows.map(({ event, id, organizationId, actorId, apiKeyId, payloadHash }) => ({
      id,
      organizationId,
      actorId,
      apiKeyId,
      payloadHash,
      type: event.type,
      entityType: event.entity.type,
      entityId: event.entity.id,
      parentType: event.fields.parent?.type ?? null,
      parentId: event.fields.parent?.id ?? null,
      requestId: unit.ctx.requestId,
      at: unit.now,
    })),
  );
  const payloads = unit.insert(
    EventPayloadEntity,
    ...rows.map(({ id, organizationId, salt, payload }) => ({ eventId: id, organizationId, salt, payload })),
  );
  await Promise.all([written, payloads]);
}
