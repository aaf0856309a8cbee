import { teamDeleting } from '../tenancy/index.ts';
import { commentTable } from './comments/comment.entity.ts';
import { commentEvents } from './comments/comment.events.ts';
import { tagTable } from './tags/tag.entity.ts';
import { tagEvents } from './tags/tag.events.ts';
import { taskSearchTable } from './tasks/task-search.entity.ts';
import { taskAssigneeTable, taskTable, taskTagTable } from './tasks/task.entity.ts';
import { releaseTrashedTasks } from './tasks/task.team.ts';
import { taskEvents } from './tasks/task.events.ts';

export { Comment, CommentCreate, CommentListInput, CommentPage, CommentPath } from './comments/comment.schema.ts';
export { createComment, getComment, listComments } from './comments/comment.service.ts';
export { Tag, TagCreate, TagListInput, TagPage, TagUpdate } from './tags/tag.schema.ts';
export { createTag, deleteTag, getTag, listTags, updateTag } from './tags/tag.service.ts';
export { listTaskActivity, TaskActivityInput } from './tasks/task.activity.ts';
export { listTasks } from './tasks/task.list.ts';
export { workHandlers, workSchedules } from './tasks/task.purge.ts';
export { getTask } from './tasks/task.queries.ts';
export { reassignTasks } from './tasks/task.reassign.ts';
export {
  Task,
  TaskCreate,
  TaskDelete,
  TaskListInput,
  TaskPage,
  taskPriorities,
  TaskReassign,
  TasksReassigned,
  type TaskStatus,
  taskStatuses,
  TaskUpdate,
} from './tasks/task.schema.ts';
export { createTask, updateTask } from './tasks/task.service.ts';
export { deleteTask, restoreTask } from './tasks/task.trash.ts';

export { workErrors } from './work.errors.ts';

/** The events of this context. */
export const workEvents = [tagEvents, taskEvents, commentEvents];

export const workTables = [tagTable, taskTable, taskAssigneeTable, taskTagTable, taskSearchTable, commentTable];

teamDeleting.add(releaseTrashedTasks);
