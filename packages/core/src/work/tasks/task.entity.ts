import { defineEntity, p } from '@mikro-orm/core';
import { hundredths, id, instant, sortKey, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable, TeamEntity } from '../../tenancy/index.ts';
import { ProjectEntity } from '../projects/project.entity.ts';
import { TagEntity } from '../tags/tag.entity.ts';
import { taskPriorities, taskStatuses } from './task.schema.ts';

/** The tasks in the index of overdue tasks: not in the trash, neither done nor archived, with a due date. `task.filters.ts` repeats it. */
const openAndDue = 'deleted_at is null and status_rank < 3 and due_date is not null';

/** An index of those rows of an organization that meet a condition. Other rows cost it no write. */
const partial = <const Name extends string>(name: string, where: string, ...properties: Name[]) => ({
  name: `tasks_${name}_index`,
  properties: ['organizationId' as const, ...properties, 'id' as const],
  where,
});

const living = <const Name extends string>(name: string, ...properties: Name[]) =>
  partial(name, 'deleted_at is null', ...properties);

const inTrash = <const Name extends string>(name: string, ...properties: Name[]) =>
  partial(name, 'deleted_at is not null', ...properties);

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
    projectId: id().nullable(),
    /** Counts per project, for ever. With the key of the project it is the key of the task. Null outside of projects. */
    projectNumber: p.integer().nullable(),
    /** The place in the order of the project, in digits: see `task.position.ts`. Null outside of projects. */
    position: p.string().nullable(),
    /** Whether it has, or once had, dependencies or watchers with a row of their own. Reads look for these only then. */
    isLinked: p.boolean().default(false),
    /** What was trashed together is restored together. */
    trashId: id().nullable(),
    ...trashColumns(),
  },
  uniques: [{ properties: ['organizationId', 'number'] }],
  // docs/indexes.md says what each index is for. Most leave out the trash, so that no list walks through it.
  indexes: [
    living('created', 'createdAt'),
    living('updated', 'updatedAt'),
    living('due', 'dueDate'),
    living('title', 'titleSort'),
    living('priority', 'priorityRank', 'createdAt'),
    // The figures of a period are counted in this index, without reading the tasks.
    {
      name: 'tasks_status_index',
      properties: ['organizationId', 'statusRank', 'createdAt', 'id', 'completedAt', 'actualHours'],
      where: 'deleted_at is null',
    },
    living('creator', 'createdById', 'createdAt'),
    // With more columns, SQLite would prefer the index of due dates.
    partial('overdue', openAndDue, 'dueDate'),
    partial('completed', 'deleted_at is null and completed_at is not null', 'completedAt'),
    { name: 'tasks_team_index', properties: ['organizationId', 'teamId', 'createdAt', 'id'] },
    partial('project', 'project_id is not null', 'projectId', 'createdAt'),
    partial('position', 'project_id is not null and deleted_at is null', 'projectId', 'position'),
    partial('key', 'project_id is not null', 'projectId', 'projectNumber'),
    partial('parent', 'parent_id is not null', 'parentId', 'createdAt'),
    inTrash('trashed', 'deletedAt'),
    inTrash('trash_created', 'createdAt'),
    partial('trash', 'trash_id is not null', 'trashId'),
  ],
});

/** When the task of a link was created, which never changes. The index of the links then has the order of lists by assignee or tag. */
const createdWithTask = () => ({ createdAt: instant() });

/** The people a task is assigned to, in order: the first is the primary one. */
export const TaskAssigneeEntity = defineEntity({
  name: 'TaskAssignee',
  tableName: 'task_assignees',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    userId: id().primary(),
    position: p.smallint(),
    ...createdWithTask(),
  },
  indexes: [{ name: 'task_assignees_user_index', properties: ['organizationId', 'userId', 'createdAt', 'taskId'] }],
});

export const TaskTagEntity = defineEntity({
  name: 'TaskTag',
  tableName: 'task_tags',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    tagId: id().primary(),
    ...createdWithTask(),
  },
  indexes: [{ name: 'task_tags_tag_index', properties: ['organizationId', 'tagId', 'createdAt', 'taskId'] }],
});

/** A task that must wait for another one, its blocker. */
export const TaskDependencyEntity = defineEntity({
  name: 'TaskDependency',
  tableName: 'task_dependencies',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    blockerId: id().primary(),
    /** Whether the blocker is neither finished nor in the trash. A trigger on `tasks` keeps it so, whatever writes the blocker. */
    isOpen: p.boolean(),
  },
  indexes: [
    { name: 'task_dependencies_blocker_index', properties: ['organizationId', 'blockerId', 'taskId'] },
    { name: 'task_dependencies_open_index', properties: ['organizationId', 'taskId'], where: 'is_open' },
  ],
});

/** The numbers that tasks had in projects in which they no longer are, so that their old keys lead to them. */
export const TaskKeyEntity = defineEntity({
  name: 'TaskKey',
  tableName: 'task_keys',
  properties: {
    organizationId: id().primary(),
    projectId: id().primary(),
    number: p.integer().primary(),
    taskId: id(),
  },
  indexes: [{ properties: ['organizationId', 'taskId'] }],
});

export const taskTable = defineTenantTable(TaskEntity, {
  fillfactor: 85,
  references: [
    { columns: ['organizationId', 'parentId'], to: () => TaskEntity },
    { columns: ['organizationId', 'teamId'], to: () => TeamEntity },
    { columns: ['organizationId', 'projectId'], to: () => ProjectEntity },
  ],
  visibility: {
    kind: 'own',
    permission: 'task:read',
    entityType: 'task',
    places: { team: 'teamId', project: 'projectId' },
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

export const taskDependencyTable = defineTenantTable(TaskDependencyEntity, {
  withoutRowid: true,
  references: [
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'blockerId'], to: () => TaskEntity, onDelete: 'cascade' },
  ],
});

export const taskKeyTable = defineTenantTable(TaskKeyEntity, {
  withoutRowid: true,
  references: [
    { columns: ['organizationId', 'projectId'], to: () => ProjectEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' },
  ],
});
