import { createHash } from 'node:crypto';
import type { Unit } from '../database/unit-of-work.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import type { Changes } from '../kernel/changes.ts';
import { defineHooks } from '../kernel/hooks.ts';
import { pooledRandomBytes, uuidv7 } from '../kernel/ids.ts';
import type { NewEvent } from './catalogue.ts';
import { EventEntity, EventPayloadEntity } from './event.entity.ts';

/** An event with what it tells, and who may have to know. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly actorId: string | null;
  readonly changes: Changes;
  readonly data: Readonly<Record<string, unknown>>;
  /** The user ids of all people whom it may concern. Undefined when they are not known. */
  readonly audience?: readonly string[] | undefined;
}

/**
 * Runs with the events that a unit records, in its transaction. A hook sends its statements before it first waits, so that they travel with
 * the events.
 */
export const eventsRecording = defineHooks<[unit: Unit, events: readonly RecordedEvent[]]>();

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
  const reacting = eventsRecording.run(
    unit,
    rows.map(({ event, id, actorId, payload }) => ({
      id,
      type: event.type,
      actorId,
      ...payload,
      audience: event.fields.audience,
    })),
  );
  await Promise.all([written, payloads, reacting]);
}
