import { defineEntity, p } from '@mikro-orm/core';
import { hundredths, id, instant, sortKey, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable, TeamEntity } from '../../tenancy/index.ts';
import { TagEntity } from '../tags/tag.entity.ts';
import { taskPriorities, taskStatuses } from './task.schema.ts';

export const TaskEntity = defineEntity({
  name: 'Task',
  tableName: 'tasks',
  properties: {
    ...tenantKey(),
    /** Counts per organization, for ever. */
    number: p.integer(),
    title: p.string(),
    /** The title in lower case: the two databases disagree on `lower()`. */
    titleSort: sortKey(),
    description: p.text().nullable(),
    status: p.enum(taskStatuses),
    statusRank: p.smallint(),
    priority: p.enum(taskPriorities),
    priorityRank: p.smallint(),
    dueDate: instant().nullable(),
    startDate: instant().nullable(),
    estimatedHours: hundredths().nullable(),
    actualHours: hundredths().nullable(),
    completedAt: instant().nullable(),
    parentId: id().nullable(),
    teamId: id().nullable(),
    /** What was trashed together is restored together. */
    trashId: id().nullable(),
    ...trashColumns(),
  },
  uniques: [{ properties: ['organizationId', 'number'] }],
  indexes: [
    { properties: ['organizationId', 'createdAt', 'id'] },
    { properties: ['organizationId', 'status', 'createdAt', 'id'] },
    { properties: ['organizationId', 'updatedAt', 'id'] },
    { properties: ['organizationId', 'dueDate', 'id'] },
    { properties: ['organizationId', 'priorityRank', 'id'] },
    { properties: ['organizationId', 'statusRank', 'id'] },
    { properties: ['organizationId', 'titleSort', 'id'] },
    { properties: ['organizationId', 'createdById', 'id'] },
    { properties: ['organizationId', 'deletedAt', 'id'] },
    { properties: ['organizationId', 'parentId', 'deletedAt', 'id'] },
    { properties: ['organizationId', 'teamId', 'createdAt', 'id'] },
    { properties: ['organizationId', 'trashId', 'id'] },
  ],
});

/** The people a task is assigned to, in order: the first is the primary one. */
export const TaskAssigneeEntity = defineEntity({
  name: 'TaskAssignee',
  tableName: 'task_assignees',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    userId: id().primary(),
    position: p.smallint(),
  },
  indexes: [{ properties: ['organizationId', 'userId', 'taskId'] }],
});

export const TaskTagEntity = defineEntity({
  name: 'TaskTag',
  tableName: 'task_tags',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    tagId: id().primary(),
  },
  indexes: [{ properties: ['organizationId', 'tagId', 'taskId'] }],
});

export const taskTable = defineTenantTable(TaskEntity, {
  fillfactor: 85,
  references: [
    { columns: ['organizationId', 'parentId'], to: () => TaskEntity },
    { columns: ['organizationId', 'teamId'], to: () => TeamEntity },
  ],
  visibility: {
    kind: 'own',
    permission: 'task:read',
    entityType: 'task',
    places: { team: 'teamId' },
    people: { in: () => TaskAssigneeEntity, row: 'taskId', user: 'userId' },
  },
});

export const taskAssigneeTable = defineTenantTable(TaskAssigneeEntity, {
  withoutRowid: true,
  members: ['userId'],
  references: [{ columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' }],
});

export const taskTagTable = defineTenantTable(TaskTagEntity, {
  withoutRowid: true,
  references: [
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'tagId'], to: () => TagEntity, onDelete: 'cascade' },
  ],
});
