import { defineEntity, p } from '@mikro-orm/core';
import { id, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';
import { TaskEntity } from '../tasks/task.entity.ts';

const CommentEntity = defineEntity({
  name: 'Comment',
  tableName: 'comments',
  properties: {
    ...tenantKey(),
    taskId: id(),
    body: p.text(),
    ...trashColumns(),
  },
  indexes: [{ properties: ['organizationId', 'taskId', 'createdAt', 'id'] }],
});

export const commentTable = defineTenantTable(CommentEntity, {
  references: [{ columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' }],
  visibility: {
    kind: 'parent',
    permission: 'comment:read',
    entityType: 'comment',
    parent: () => TaskEntity,
    by: 'taskId',
  },
});
