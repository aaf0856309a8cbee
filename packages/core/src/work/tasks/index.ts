import { taskSearchTable } from './task-search.entity.ts';
import { taskAssigneeTable, taskDependencyTable, taskTable, taskTagTable } from './task.entity.ts';

export { linkIdsOf } from './task.links.ts';
export { requireTask } from './task.queries.ts';
export { tasks, taskSubject } from './task.record.ts';

export const taskTables = [taskTable, taskAssigneeTable, taskTagTable, taskDependencyTable, taskSearchTable];
