import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { auditColumns, sortKey, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { MembershipEntity } from '../../tenancy/index.ts';

const { deletedAt: _, ...columns } = auditColumns();

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
    ...columns,
  },
  uniques: [{ properties: ['organizationId', 'nameSort'] }],
});

declare module '../../database/schema.ts' {
  interface Tables {
    tags: Columns<typeof TagEntity>;
  }
}

export type TagRecord = InferEntity<typeof TagEntity>;

export const tagTable = defineTable(TagEntity, {
  kind: 'tenant',
  references: [
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
    { columns: ['organizationId', 'updatedById'], to: () => MembershipEntity },
  ],
});
