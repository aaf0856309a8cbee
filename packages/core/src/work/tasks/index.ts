import { taskSearchTable } from './task-search.entity.ts';
import { taskAssigneeTable, taskDependencyTable, taskKeyTable, taskTable, taskTagTable } from './task.entity.ts';

export { TaskAssigneeEntity, TaskTagEntity } from './task.entity.ts';
export { taskEvents } from './task.events.ts';
export { linkIdsOf, markLinked } from './task.links.ts';
export { projectCounter } from './task.project.ts';
export { requireTask } from './task.queries.ts';
export { releaseQuota, requireQuota, takeQuota } from './task.quota.ts';
export { tasks, taskSubject } from './task.record.ts';
export { seersOf } from './task.seers.ts';
export { countTrashedTogether, trashedTogether } from './task.tree.ts';

export const taskTables = [
  taskTable,
  taskAssigneeTable,
  taskTagTable,
  taskDependencyTable,
  taskKeyTable,
  taskSearchTable,
];
