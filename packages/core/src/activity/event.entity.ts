import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';
import type { Changes } from '../kernel/changes.ts';

/**
 * The types that most events are of. The index by type leaves them out, so that the most frequent changes do not pay for it: a walk from
 * the newest event finds them soon.
 */
export const frequentTypes = ['task.created', 'task.updated', 'comment.created'];

/** The condition of that index. Queries repeat it, so that the databases recognize the index. */
export const isRareType = frequentTypes.map((type) => `type <> '${type}'`).join(' and ');

/** One thing that happened. Never changed: what may have to be forgotten stands in `event_payloads`. */
export const EventEntity = defineEntity({
  name: 'Event',
  tableName: 'events',
  properties: {
    id: id().primary(),
    /** Null is the instance's own stream. */
    organizationId: id().nullable(),
    type: p.string(),
    /** A user; null is the system. Not a reference: who acts need not be a member. */
    actorId: id().nullable(),
    /** The API key by which they acted. Not a reference either: it outlives the key, and what is erased. */
    apiKeyId: id().nullable(),
    entityType: p.string(),
    entityId: id(),
    /** Where the event shows too: a comment's in its task's activity. */
    parentType: p.string().nullable(),
    parentId: id().nullable(),
    requestId: p.string(),
    /** Whether nobody is told about it, because the data is made up. */
    quiet: p.boolean().default(false),
    /** SHA-256 of salt and canonical payload, so that erasing a payload leaves the chain valid. */
    payloadHash: p.string(),
    at: instant(),
  },
  indexes: [
    { properties: ['organizationId', 'entityId', 'id'] },
    // Most events have no parent.
    {
      name: 'events_organization_id_parent_id_id_index',
      properties: ['organizationId', 'parentId', 'id'],
      where: 'parent_id is not null',
    },
    // The instance's own stream has no list.
    {
      name: 'events_organization_id_at_id_index',
      properties: ['organizationId', 'at', 'id'],
      where: 'organization_id is not null',
    },
    {
      name: 'events_organization_id_actor_id_at_id_index',
      properties: ['organizationId', 'actorId', 'at', 'id'],
      where: 'organization_id is not null and actor_id is not null',
    },
    {
      name: 'events_organization_id_type_at_id_index',
      properties: ['organizationId', 'type', 'at', 'id'],
      where: `organization_id is not null and ${isRareType}`,
    },
  ],
});

export const EventPayloadEntity = defineEntity({
  name: 'EventPayload',
  tableName: 'event_payloads',
  properties: {
    eventId: id().primary(),
    organizationId: id().nullable(),
    /** 16 random bytes, base64url. */
    salt: p.string(),
    payload: p.json<{ changes: Changes; data: Record<string, unknown> }>(),
  },
});

/**
 * The place of an event in the chain of its organization. The instance's own stream has none. The event is not a reference: whoever removes
 * it breaks the chain, and that must be seen.
 */
const EventSealEntity = defineEntity({
  name: 'EventSeal',
  tableName: 'event_seals',
  properties: {
    organizationId: id().primary(),
    /** 1 for the first event of the organization, without gaps. */
    sequence: p.integer().primary(),
    eventId: id(),
    /** SHA-256 of the hash before it and of the event, base64url. */
    hash: p.string(),
  },
  uniques: [{ properties: ['eventId'] }],
});

/** How far a sealer has looked for events that were left unsealed. One row. */
const EventWalkEntity = defineEntity({
  name: 'EventWalk',
  tableName: 'event_walks',
  properties: {
    name: p.string().primary(),
    /** All events with an id that was made before this instant are sealed. */
    walkedTo: instant(),
  },
});

/** Members write their organization's stream; whoever is signed in adds what they did themselves to the instance's own. */
export const eventTable = defineTable(EventEntity, {
  kind: 'tenant',
  checkWall:
    '{table}.organization_id = {organization} or ({table}.organization_id is null and {table}.actor_id = {user})',
  identityDoor: true,
  insertOnly: true,
  visibility: { kind: 'event', permission: 'activity:read' },
});

export const eventPayloadTable = defineTable(EventPayloadEntity, {
  kind: 'tenant',
  checkWall: '{table}.organization_id = {organization} or {table}.organization_id is null',
  identityDoor: true,
  insertOnly: true,
  references: [{ columns: ['eventId'], to: () => EventEntity, onDelete: 'cascade' }],
});

/** Only sealers add rows, behind the system door. */
export const eventSealTable = defineTable(EventSealEntity, {
  kind: 'tenant',
  checkWall: 'false',
  insertOnly: true,
  withoutRowid: true,
});

export const eventWalkTable = defineTable(EventWalkEntity, { kind: 'system' });
