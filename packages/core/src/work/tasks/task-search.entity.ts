import { defineEntity, p } from '@mikro-orm/core';
import { id } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';

/**
 * The words of tasks, for full-text search. Migrations write this table by hand: on PostgreSQL it has a generated tsvector, on
 * SQLite an FTS5 index kept by triggers.
 */
export const TaskSearchEntity = defineEntity({
  name: 'TaskSearch',
  tableName: 'task_search',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    /** Folded words, one space before each. */
    title: p.text(),
    body: p.text(),
  },
});

export const taskSearchTable = defineTable(TaskSearchEntity, { kind: 'tenant' });
