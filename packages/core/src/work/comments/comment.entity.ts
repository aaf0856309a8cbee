import { defineEntity, p } from '@mikro-orm/core';
import { id, instant, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';
import { TaskEntity } from '../tasks/task.entity.ts';

export const CommentEntity = defineEntity({
  name: 'Comment',
  tableName: 'comments',
  properties: {
    ...tenantKey(),
    taskId: id(),
    /** The comment that it answers. While that is in the trash, this one is hidden. */
    parentId: id().nullable(),
    body: p.text(),
    /** The user ids of the people that the body mentions, in its order. */
    mentionIds: p.json<string[]>(),
    /** When the body changed last; null if never. */
    editedAt: instant().nullable(),
    ...trashColumns(),
  },
  indexes: [
    { properties: ['organizationId', 'taskId', 'createdAt', 'id'] },
    {
      name: 'comments_parent_index',
      properties: ['organizationId', 'parentId'],
      where: 'parent_id is not null',
    },
    { name: 'comments_deleted_index', properties: ['deletedAt'], where: 'deleted_at is not null' },
  ],
});

export const commentTable = defineTenantTable(CommentEntity, {
  references: [
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'parentId'], to: () => CommentEntity, onDelete: 'cascade' },
  ],
  visibility: {
    kind: 'parent',
    permission: 'comment:read',
    entityType: 'comment',
    parents: { taskId: () => TaskEntity },
  },
});
