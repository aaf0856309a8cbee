import { defineErrors, notFound, notInTrash } from '../kernel/errors.ts';

export const workErrors = defineErrors({
  project_not_found: notFound('project'),
  project_key_taken: {
    kind: 'conflict',
    message: 'Another project has this key, or had it.',
    cause:
      'Another project of the organization has this key, or had it. Keys are not used again, because old task keys contain them.',
    remedy: 'Choose another key.',
  },
  project_not_deleted: notInTrash('project'),
  project_deleted: {
    kind: 'conflict',
    message: 'Its project is in the trash. Restore that first.',
    cause: 'The task belongs to a project that is in the trash.',
    remedy: 'Restore the project first.',
  },
  too_many_subtasks: {
    kind: 'conflict',
    message: 'It has 500 subtasks or more. Only smaller trees move to another project: move parts of it first.',
    cause: 'A task takes its subtasks with it to another project, and this one has 500 or more.',
    remedy: 'Move parts of its subtasks first, with fewer than 500 each.',
  },
  subtask_in_same_call: {
    kind: 'conflict',
    message: 'The call also names a subtask of it, which goes to the project with it: leave that one out.',
    cause: 'The call moves a task to another project and names one of its subtasks too, which goes there with it.',
    remedy: 'Leave out the subtasks of tasks that the call names.',
  },
  parent_in_other_project: {
    kind: 'conflict',
    message: 'A subtask is in the project of its parent.',
    cause: 'A subtask is always in the project of its parent, and the request names a parent in another project.',
    remedy: 'Choose a parent in the same project, or move the task to the project of the parent.',
  },
  neighbor_in_other_project: {
    kind: 'conflict',
    message:
      'Only tasks of one project have an order: the task beside which it would come is in another one, or in none.',
    cause: '`before` or `after` names a task in another project, a task in no project, or the moved task itself.',
    remedy: 'Name other tasks of the project that the task is in or moves to.',
  },
  neighbors_out_of_order: {
    kind: 'conflict',
    message: 'These two tasks are in the other order by now.',
    cause: '`after` names a task that now comes behind the one in `before`: somebody has moved one of them.',
    remedy: 'Read the list again, and send the move with the present neighbors.',
  },
  assignee_not_in_project: {
    kind: 'conflict',
    message: 'Only members of a private project, and those who may read all of them, can be assigned to its tasks.',
    cause: 'The project is private. A member to assign is not among its members and may not read all private projects.',
    remedy: 'Add the person to the project first, or assign somebody else.',
  },
  task_not_found: notFound('task'),
  parent_not_found: {
    kind: 'not_found',
    message: 'There is no such parent task.',
    cause: '`parentId` names no task that you may see: the id is wrong, or the task is in the trash.',
    remedy: 'Check the id. `null` makes a task without a parent.',
  },
  assignee_not_found: {
    kind: 'not_found',
    message: 'There is no such active member to assign.',
    cause: 'An id in the request is not that of an active member of the organization.',
    remedy:
      'List the members with `GET /api/v1/organizations/{organizationId}/users`, and use the id of an active one.',
  },
  tag_not_found: notFound('tag'),
  comment_not_found: {
    kind: 'not_found',
    message: 'There is no such comment on this task.',
    cause: 'The task has no comment with this id, or the comment is in the trash.',
    remedy: 'List the comments of the task, and check both ids.',
  },
  comment_is_reply: {
    kind: 'conflict',
    message: 'This comment is a reply, and replies are not answered.',
    cause: '`parentId` names a comment that is a reply itself. Replies have one level.',
    remedy: 'Reply to the comment that begins the thread.',
  },
  comment_not_deleted: notInTrash('comment'),
  watcher_not_found: {
    kind: 'not_found',
    message: 'They do not watch this task.',
    cause: 'The user does not watch the task.',
    remedy: 'Nothing needs to be done. `GET /api/v1/tasks/{taskId}/watchers` lists who does.',
  },
  watcher_cannot_see: {
    kind: 'conflict',
    message: 'This member does not see the task.',
    cause: 'The member may not see the task, so they cannot watch it.',
    remedy: 'Give the member access to the task or its project first.',
  },
  watcher_stays: {
    kind: 'conflict',
    message: 'The creator and the assignees of a task always watch it.',
    cause: 'The user created the task or is assigned to it, and such users always watch it.',
    remedy: 'They can mute it for themselves with `PUT /api/v1/tasks/{id}/watch`.',
  },
  attachment_not_found: notFound('attachment'),
  parent_cycle: {
    kind: 'conflict',
    message: 'A task cannot be a part of itself or of its own subtasks.',
    cause: 'The task would be below itself.',
    remedy: 'Choose a parent that is neither the task nor one of its subtasks.',
  },
  parent_deleted: {
    kind: 'conflict',
    message: 'Its parent is in the trash. Restore that first.',
    cause: 'It is part of something that is in the trash, such as a subtask of a deleted task.',
    remedy: 'Restore the parent first. That restores what was deleted with it.',
  },
  dependency_cycle: {
    kind: 'conflict',
    message: 'The other task waits for this one, directly or through others.',
    cause: 'The other task waits for this one already, directly or through other tasks, so neither could ever begin.',
    remedy: 'Remove one of the dependencies between them first.',
  },
  dependency_not_found: {
    kind: 'not_found',
    message: 'This task does not wait for such a task.',
    cause: 'The task does not wait for the other one, or you may not see the other one.',
    remedy: 'Nothing needs to be done. `blockedBy` of the task lists what it waits for.',
  },
  too_many_dependencies: {
    kind: 'conflict',
    message: 'A task waits for at most 50 others, and at most 50 others wait for it.',
    cause: 'One of the two tasks has 50 dependencies in this direction.',
    remedy: 'Remove dependencies that no longer matter, or let the task wait for a task that stands for several.',
  },
  task_not_deleted: notInTrash('task'),
  tag_merged_into_itself: {
    kind: 'conflict',
    message: 'A tag cannot be merged into itself.',
    cause: '`intoId` names the same tag as the path.',
    remedy: 'Name another tag in `intoId`.',
  },
  attachment_not_deleted: notInTrash('attachment'),
  download_link_refused: {
    kind: 'forbidden',
    message: 'This link has ended, or was not made for this file. Read the attachment again for a new one.',
    cause: 'The link has expired, was made for another file or user, or was changed.',
    remedy: 'Read the attachment again, and use its new `downloadUrl`.',
  },
  tag_name_taken: {
    kind: 'conflict',
    message: 'There is already a tag of this name.',
    cause: 'Another tag of the organization has this name. Names are compared without case.',
    remedy: 'Use the tag that exists, or choose another name.',
  },
});
