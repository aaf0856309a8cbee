import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, id, instant, tenantKey } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';

/** A key by which a program acts for one member of an organization. Revoking it deletes the row; the activity log keeps its name. */
export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  properties: {
    ...tenantKey(),
    name: p.string(),
    /** The first characters of the key. They identify it and are no secret. */
    prefix: p.string(),
    /** SHA-256 of the whole key. */
    secretHash: p.string().unique(),
    /** The user that the key acts as. */
    userId: id(),
    /** The key has those grants of its user that are listed here. */
    scopes: p.json<string[]>(),
    expiresAt: instant().nullable(),
    /** Exact to a minute. It is not written in the transaction of the request that used the key. */
    lastUsedAt: instant().nullable(),
    isActive: p.boolean(),
    ...auditColumns(),
  },
  indexes: [{ properties: ['organizationId', 'createdAt', 'id'] }, { properties: ['organizationId', 'userId'] }],
});

export const apiKeyTable = defineTenantTable(ApiKeyEntity, { identityDoor: true, members: ['userId'] });
