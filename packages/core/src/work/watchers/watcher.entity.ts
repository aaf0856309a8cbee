import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';
import { TaskEntity } from '../tasks/task.entity.ts';

/** Why a row exists. The creator and the assignees watch without one. */
export const storedReasons = ['self', 'added', 'commenter'] as const;

/**
 * Who watches a task although they are neither its creator nor an assignee, and who has muted it. The creator and the assignees are known
 * from the task, so creating a task writes no row here.
 */
export const TaskWatcherEntity = defineEntity({
  name: 'TaskWatcher',
  tableName: 'task_watchers',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    userId: id().primary(),
    reason: p.enum(storedReasons),
    /** Whether they are told nothing. */
    muted: p.boolean(),
    addedAt: instant(),
    addedById: id(),
  },
  indexes: [{ name: 'task_watchers_user_index', properties: ['organizationId', 'userId', 'taskId'] }],
});

export const taskWatcherTable = defineTenantTable(TaskWatcherEntity, {
  withoutRowid: true,
  members: ['userId', 'addedById'],
  references: [{ columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' }],
});
