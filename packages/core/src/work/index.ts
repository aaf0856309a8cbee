import type { JobHandlers, Schedule } from '../jobs/index.ts';
import { membershipEnding, projectScope, teamDeleting } from '../tenancy/index.ts';
import { attachmentTable, attachmentTotalTable } from './attachments/attachment.entity.ts';
import { attachmentEvents } from './attachments/attachment.events.ts';
import { countProjectAttachments, countTaskAttachments } from './attachments/attachment.queries.ts';
import { commentTable } from './comments/comment.entity.ts';
import { commentEvents } from './comments/comment.events.ts';
import { commentHandlers, commentSchedules } from './comments/comment.purge.ts';
import { countComments } from './comments/comment.queries.ts';
import { closedPlace } from './projects/project.closed.ts';
import { ProjectEntity, projectKeyTable, projectMemberTable, projectTable } from './projects/project.entity.ts';
import { projectEvents } from './projects/project.events.ts';
import { leaveProjects } from './projects/project.members.ts';
import { projectHandlers, projectSchedules } from './projects/project.purge.ts';
import { projectIncludeReaders } from './projects/project.queries.ts';
import { projects } from './projects/project.record.ts';
import { tagTable } from './tags/tag.entity.ts';
import { tagEvents } from './tags/tag.events.ts';
import { tagHandlers } from './tags/tag.merge.ts';
import { taskTables } from './tasks/index.ts';
import { taskEvents } from './tasks/task.events.ts';
import { taskIncludeReaders } from './tasks/task.includes.ts';
import { taskHandlers, taskSchedules } from './tasks/task.purge.ts';
import { releaseTrashedTasks } from './tasks/task.team.ts';
import { taskWatcherTable } from './watchers/watcher.entity.ts';
import { watcherEvents } from './watchers/watcher.events.ts';
import { leaveWatched } from './watchers/watcher.service.ts';

export {
  downloadAttachment,
  downloadByLink,
  getAttachment,
  listAttachments,
  listCommentAttachments,
  listProjectAttachments,
} from './attachments/attachment.queries.ts';
export * from './attachments/attachment.schema.ts';
export {
  deleteAttachment,
  restoreAttachment,
  uploadAttachment,
  uploadToComment,
  uploadToProject,
} from './attachments/attachment.service.ts';
export { attachmentHandlers, attachmentSchedules } from './attachments/attachment.sweep.ts';
export * from './comments/comment.schema.ts';
export { getComment, listComments, visibleComments } from './comments/comment.queries.ts';
export * from './comments/comment.service.ts';
export { mergeTag } from './tags/tag.merge.ts';
export { resolveKeys } from './work.keys.ts';
export { isAmongShutProjects } from './projects/project.closed.ts';
export { addProjectMember, listProjectMembers, removeProjectMember } from './projects/project.members.ts';
export { getProject, listProjects, projectIncludeReaders } from './projects/project.queries.ts';
export * from './projects/project.schema.ts';
export { archiveProject, createProject, unarchiveProject, updateProject } from './projects/project.service.ts';
export { deleteProject, restoreProject } from './projects/project.trash.ts';
export { sightLost } from './sight.ts';
export * from './tags/tag.schema.ts';
export * from './tags/tag.service.ts';
export { addTasks, type WholeTask } from './tasks/task.bulk.ts';
export { addDependency, removeDependency } from './tasks/task.dependencies.ts';
export { emptyTrash } from './tasks/task.empty.ts';
export { listTaskActivity, TaskActivityInput } from './tasks/task.activity.ts';
export { listTaskHistory, TaskHistoryInput, TaskHistoryPage } from './tasks/task.history.ts';
export { TaskEntity } from './tasks/task.entity.ts';
export { placesOf, visibleOf } from './tasks/task.filter-input.ts';
export { listTasks } from './tasks/task.list.ts';
export { bulkCreateTasks, bulkUpdateTasks, type TaskOutcome } from './tasks/task.many.ts';
export { moveTask } from './tasks/task.move.ts';
export { getTask } from './tasks/task.queries.ts';
export { reassignTasks } from './tasks/task.reassign.ts';
export * from './tasks/task.schema.ts';
export { projectsOfTasks, readTaskRefs } from './tasks/task.seers.ts';
export { createTask, updateTask } from './tasks/task.service.ts';
export { deleteTask, restoreTask } from './tasks/task.trash.ts';
export { listWatchers, readWatchers } from './watchers/watcher.queries.ts';
export * from './watchers/watcher.schema.ts';
export { addWatcher, removeWatcher, unwatchTask, watchTask } from './watchers/watcher.service.ts';
export { workErrors } from './work.errors.ts';

/** The events of this context. */
export const workEvents = [projectEvents, tagEvents, taskEvents, commentEvents, watcherEvents, attachmentEvents];

export const workTables = [
  projectTable,
  projectMemberTable,
  projectKeyTable,
  tagTable,
  ...taskTables,
  commentTable,
  taskWatcherTable,
  attachmentTable,
  attachmentTotalTable,
];

export const workHandlers: JobHandlers = {
  ...taskHandlers,
  ...projectHandlers,
  ...commentHandlers,
  ...tagHandlers,
};

export const workSchedules: readonly Schedule[] = [...taskSchedules, ...projectSchedules, ...commentSchedules];

taskIncludeReaders.set('commentCount', countComments);
taskIncludeReaders.set('attachmentCount', countTaskAttachments);
projectIncludeReaders.set('attachmentCount', countProjectAttachments);
membershipEnding.add(leaveWatched, leaveProjects);
teamDeleting.add(releaseTrashedTasks);
projectScope.plug({
  entity: ProjectEntity,
  refer: (unit, id, field) => projects.refer(unit, id, field),
  closedPlace,
});
