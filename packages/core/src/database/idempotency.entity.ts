import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from './columns.ts';
import { defineTable } from './table.ts';

/**
 * The answers kept for `Idempotency-Key` (F6), 24 hours, per organization (or none), actor and procedure. `scope` is the
 * organization's id, or empty (a null would not be unique), and the id of the API key by which the user acts.
 */
const IdempotencyKeyEntity = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_keys',
  properties: {
    userId: id().primary(),
    scope: p.string().primary(),
    procedure: p.string().primary(),
    key: p.string().primary(),
    /** SHA-256 of the parsed input and If-Match. */
    fingerprint: p.string(),
    /** The answer; null while the first request is still inside its transaction, or when it held a secret. */
    answer: p.json<{ value: unknown; accepted?: boolean }>().nullable(),
    createdAt: instant(),
  },
  indexes: [{ properties: ['createdAt'] }],
});

export const idempotencyKeyTable = defineTable(IdempotencyKeyEntity, { kind: 'person', identityDoor: true });
