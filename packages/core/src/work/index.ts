import { teamDeleting } from '../tenancy/index.ts';
import { commentTable } from './comments/comment.entity.ts';
import { commentEvents } from './comments/comment.events.ts';
import { tagTable } from './tags/tag.entity.ts';
import { tagEvents } from './tags/tag.events.ts';
import { taskTables } from './tasks/index.ts';
import { taskEvents } from './tasks/task.events.ts';
import { releaseTrashedTasks } from './tasks/task.team.ts';

export * from './comments/comment.schema.ts';
export * from './comments/comment.service.ts';
export * from './tags/tag.schema.ts';
export * from './tags/tag.service.ts';
export { addTasks, type WholeTask } from './tasks/task.bulk.ts';
export { addDependency, removeDependency } from './tasks/task.dependencies.ts';
export { emptyTrash } from './tasks/task.empty.ts';
export { listTaskActivity, TaskActivityInput } from './tasks/task.activity.ts';
export { listTaskHistory, TaskHistoryInput, TaskHistoryPage } from './tasks/task.history.ts';
export { listTasks } from './tasks/task.list.ts';
export { bulkCreateTasks, bulkUpdateTasks, type TaskOutcome } from './tasks/task.many.ts';
export { workHandlers, workSchedules } from './tasks/task.purge.ts';
export { getTask } from './tasks/task.queries.ts';
export { reassignTasks } from './tasks/task.reassign.ts';
export * from './tasks/task.schema.ts';
export { createTask, updateTask } from './tasks/task.service.ts';
export { deleteTask, restoreTask } from './tasks/task.trash.ts';
export { workErrors } from './work.errors.ts';

/** The events of this context. */
export const workEvents = [tagEvents, taskEvents, commentEvents];

export const workTables = [tagTable, ...taskTables, commentTable];

teamDeleting.add(releaseTrashedTasks);
