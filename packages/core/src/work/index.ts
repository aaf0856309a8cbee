import type { JobHandlers, Schedule } from '../jobs/index.ts';
import { membershipEnding, teamDeleting } from '../tenancy/index.ts';
import { commentTable } from './comments/comment.entity.ts';
import { commentEvents } from './comments/comment.events.ts';
import { commentHandlers, commentSchedules } from './comments/comment.purge.ts';
import { tagTable } from './tags/tag.entity.ts';
import { tagEvents } from './tags/tag.events.ts';
import { tagHandlers } from './tags/tag.merge.ts';
import { taskTables } from './tasks/index.ts';
import { taskEvents } from './tasks/task.events.ts';
import { taskHandlers, taskSchedules } from './tasks/task.purge.ts';
import { releaseTrashedTasks } from './tasks/task.team.ts';
import { taskWatcherTable } from './watchers/watcher.entity.ts';
import { watcherEvents } from './watchers/watcher.events.ts';
import { leaveWatched } from './watchers/watcher.service.ts';

export * from './comments/comment.schema.ts';
export { getComment, listComments, visibleComments } from './comments/comment.queries.ts';
export * from './comments/comment.service.ts';
export { mergeTag } from './tags/tag.merge.ts';
export * from './tags/tag.schema.ts';
export * from './tags/tag.service.ts';
export { addTasks, type WholeTask } from './tasks/task.bulk.ts';
export { addDependency, removeDependency } from './tasks/task.dependencies.ts';
export { emptyTrash } from './tasks/task.empty.ts';
export { listTaskActivity, TaskActivityInput } from './tasks/task.activity.ts';
export { listTaskHistory, TaskHistoryInput, TaskHistoryPage } from './tasks/task.history.ts';
export { TaskEntity } from './tasks/task.entity.ts';
export { listTasks } from './tasks/task.list.ts';
export { bulkCreateTasks, bulkUpdateTasks, type TaskOutcome } from './tasks/task.many.ts';
export { getTask } from './tasks/task.queries.ts';
export { reassignTasks } from './tasks/task.reassign.ts';
export * from './tasks/task.schema.ts';
export { readTaskRefs, TaskRef } from './tasks/task.seers.ts';
export { createTask, updateTask } from './tasks/task.service.ts';
export { deleteTask, restoreTask } from './tasks/task.trash.ts';
export { listWatchers, readWatchers } from './watchers/watcher.queries.ts';
export * from './watchers/watcher.schema.ts';
export { addWatcher, removeWatcher, unwatchTask, watchTask } from './watchers/watcher.service.ts';
export { workErrors } from './work.errors.ts';

/** The events of this context. */
export const workEvents = [tagEvents, taskEvents, commentEvents, watcherEvents];

export const workTables = [tagTable, ...taskTables, commentTable, taskWatcherTable];

export const workHandlers: JobHandlers = { ...taskHandlers, ...commentHandlers, ...tagHandlers };

export const workSchedules: readonly Schedule[] = [...taskSchedules, ...commentSchedules];

membershipEnding.add(leaveWatched);
teamDeleting.add(releaseTrashedTasks);
