import { defineEntity, p } from '@mikro-orm/core';
import { id, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';
import { CommentEntity } from '../comments/comment.entity.ts';
import { ProjectEntity } from '../projects/project.entity.ts';
import { TaskEntity } from '../tasks/task.entity.ts';

/** A file on a task, on a comment, or on a project. Its bytes are in the file store, under its id. */
const AttachmentEntity = defineEntity({
  name: 'Attachment',
  tableName: 'attachments',
  properties: {
    ...tenantKey(),
    /** The task that it is on, or the one that its comment is on. Null when it is on a project. */
    taskId: id().nullable(),
    /** Null when it is on a task or a project itself. */
    commentId: id().nullable(),
    /** The project that it is on itself. Null when it is on a task or a comment. */
    projectId: id().nullable(),
    fileName: p.text(),
    mediaType: p.text(),
    /** In bytes. A double, because an integer of 32 bits ends at 2 GB. Whole numbers up to 2^53 are exact in it. */
    size: p.double().$type<number>(),
    sha256: p.string(),
    ...trashColumns(),
  },
  indexes: [
    { properties: ['organizationId', 'taskId', 'createdAt', 'id'] },
    {
      name: 'attachments_comment_index',
      properties: ['organizationId', 'commentId', 'createdAt', 'id'],
      where: 'comment_id is not null',
    },
    {
      name: 'attachments_project_index',
      properties: ['organizationId', 'projectId', 'createdAt', 'id'],
      where: 'project_id is not null',
    },
    { name: 'attachments_trashed_index', properties: ['deletedAt'], where: 'deleted_at is not null' },
  ],
});

/** A row goes with its task, its comment or its project. The sweep deletes the file after that. */
export const attachmentTable = defineTenantTable(AttachmentEntity, {
  references: [
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'commentId'], to: () => CommentEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'projectId'], to: () => ProjectEntity, onDelete: 'cascade' },
  ],
  visibility: {
    kind: 'parent',
    permission: 'attachment:read',
    entityType: 'attachment',
    parents: { taskId: () => TaskEntity, projectId: () => ProjectEntity },
  },
});

/** How many bytes the attachments of an organization take, those in the trash included. */
const AttachmentTotalEntity = defineEntity({
  name: 'AttachmentTotal',
  tableName: 'attachment_totals',
  properties: { organizationId: id().primary(), bytes: p.double().$type<number>() },
});

export const attachmentTotalTable = defineTenantTable(AttachmentTotalEntity, { withoutRowid: true });
