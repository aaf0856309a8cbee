import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { auditColumns, id, instant, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';

/** A key by which a program acts for one member in one organization. Revoking a key deletes it; the event log remembers it. */
export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  properties: {
    ...tenantKey(),
    name: p.string(),
    /** The beginning of the key, by which people recognize it. It is not secret. */
    prefix: p.string(),
    /** SHA-256 of the whole key. */
    secretHash: p.string().unique(),
    /** The user as whom it acts. */
    userId: id(),
    /** The only permissions that it leaves of its user's grants. */
    scopes: p.json<string[]>(),
    expiresAt: instant().nullable(),
    /** Exact to a minute. Written outside the requests that use the key. */
    lastUsedAt: instant().nullable(),
    isActive: p.boolean(),
    ...auditColumns(),
  },
  indexes: [{ properties: ['organizationId', 'createdAt', 'id'] }, { properties: ['organizationId', 'userId'] }],
});

declare module '../../database/schema.ts' {
  interface Tables {
    api_keys: Columns<typeof ApiKeyEntity>;
  }
}

export type ApiKeyRecord = InferEntity<typeof ApiKeyEntity>;

export const apiKeyTable = defineTable(ApiKeyEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
    { columns: ['organizationId', 'updatedById'], to: () => MembershipEntity },
  ],
});
