import { taskSearchTable } from './task-search.entity.ts';
import { taskAssigneeTable, taskDependencyTable, taskTable, taskTagTable } from './task.entity.ts';

export { TaskTagEntity } from './task.entity.ts';
export { linkIdsOf } from './task.links.ts';
export { requireTask } from './task.queries.ts';
export { audienceOf, keptSince, tasks, taskSubject } from './task.record.ts';
export { seersOf } from './task.seers.ts';

export const taskTables = [taskTable, taskAssigneeTable, taskTagTable, taskDependencyTable, taskSearchTable];
