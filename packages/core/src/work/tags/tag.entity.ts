import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, sortKey, tenantKey } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';

/** A label for tasks, unique by name without case in its organization. Deleting one is final. */
export const TagEntity = defineEntity({
  name: 'Tag',
  tableName: 'tags',
  properties: {
    ...tenantKey(),
    name: p.string(),
    /** The name in lower case: what is unique, and what lists are sorted by. */
    nameSort: sortKey(),
    color: p.string(),
    ...auditColumns(),
  },
  uniques: [{ properties: ['organizationId', 'nameSort'] }],
});

export const tagTable = defineTenantTable(TagEntity);
