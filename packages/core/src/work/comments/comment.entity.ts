import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { MembershipEntity } from '../../tenancy/index.ts';
import { TaskEntity } from '../tasks/task.entity.ts';

export const CommentEntity = defineEntity({
  name: 'Comment',
  tableName: 'comments',
  properties: {
    ...tenantKey(),
    taskId: p.uuid(),
    body: p.text(),
    ...auditColumns(),
  },
  indexes: [{ properties: ['organizationId', 'taskId', 'createdAt', 'id'] }],
});

declare module '../../database/schema.ts' {
  interface Tables {
    comments: Columns<typeof CommentEntity>;
  }
}

export const commentTable = defineTable(CommentEntity, {
  kind: 'tenant',
  references: [
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
    { columns: ['organizationId', 'updatedById'], to: () => MembershipEntity },
  ],
  visibility: {
    kind: 'parent',
    permission: 'comment:read',
    entityType: 'comment',
    parent: () => TaskEntity,
    by: 'taskId',
  },
});
