import { defineErrors } from '../kernel/errors.ts';

export const workErrors = defineErrors({
  project_not_found: { kind: 'not_found', message: 'There is no such project.' },
  project_key_taken: { kind: 'conflict', message: 'Another project has this key, or had it.' },
  project_not_deleted: { kind: 'conflict', message: 'This project is not in the trash.' },
  project_deleted: { kind: 'conflict', message: 'Its project is in the trash. Restore that first.' },
  too_many_subtasks: {
    kind: 'conflict',
    message: 'It has 500 subtasks or more. Only smaller trees move to another project: move parts of it first.',
  },
  subtask_in_same_call: {
    kind: 'conflict',
    message: 'The call also names a subtask of it, which goes to the project with it: leave that one out.',
  },
  parent_in_other_project: { kind: 'conflict', message: 'A subtask is in the project of its parent.' },
  neighbor_in_other_project: {
    kind: 'conflict',
    message:
      'Only tasks of one project have an order: the task beside which it would come is in another one, or in none.',
  },
  neighbors_out_of_order: { kind: 'conflict', message: 'These two tasks are in the other order by now.' },
  assignee_not_in_project: {
    kind: 'conflict',
    message: 'Only members of a private project, and those who may read all of them, can be assigned to its tasks.',
  },
  task_not_found: { kind: 'not_found', message: 'There is no such task.' },
  parent_not_found: { kind: 'not_found', message: 'There is no such parent task.' },
  assignee_not_found: { kind: 'not_found', message: 'There is no such active member to assign.' },
  tag_not_found: { kind: 'not_found', message: 'There is no such tag.' },
  comment_not_found: { kind: 'not_found', message: 'There is no such comment on this task.' },
  comment_is_reply: { kind: 'conflict', message: 'This comment is a reply, and replies are not answered.' },
  comment_not_deleted: { kind: 'conflict', message: 'This comment is not in the trash.' },
  watcher_not_found: { kind: 'not_found', message: 'They do not watch this task.' },
  watcher_cannot_see: { kind: 'conflict', message: 'This member does not see the task.' },
  watcher_stays: { kind: 'conflict', message: 'The creator and the assignees of a task always watch it.' },
  attachment_not_found: { kind: 'not_found', message: 'There is no such attachment.' },
  parent_cycle: { kind: 'conflict', message: 'A task cannot be a part of itself or of its own subtasks.' },
  parent_deleted: { kind: 'conflict', message: 'Its parent is in the trash. Restore that first.' },
  dependency_cycle: { kind: 'conflict', message: 'The other task waits for this one, directly or through others.' },
  dependency_not_found: { kind: 'not_found', message: 'This task does not wait for such a task.' },
  too_many_dependencies: {
    kind: 'conflict',
    message: 'A task waits for at most 50 others, and at most 50 others wait for it.',
  },
  task_not_deleted: { kind: 'conflict', message: 'This task is not in the trash.' },
  tag_merged_into_itself: { kind: 'conflict', message: 'A tag cannot be merged into itself.' },
  attachment_not_deleted: { kind: 'conflict', message: 'This attachment is not in the trash.' },
  download_link_refused: {
    kind: 'forbidden',
    message: 'This link has ended, or was not made for this file. Read the attachment again for a new one.',
  },
  tag_name_taken: { kind: 'conflict', message: 'There is already a tag of this name.' },
});
