import {
  ActivityPage,
  bulkCreateTasks,
  bulkUpdateTasks,
  ById,
  createTask,
  deleteTask,
  emptyTrash,
  errors,
  getTask,
  listTaskActivity,
  listTasks,
  restoreTask,
  Task,
  TaskActivityInput,
  TaskBulkCreate,
  TaskBulkUpdate,
  TaskCreate,
  TaskDelete,
  TaskListInput,
  TaskPage,
  TaskUpdate,
  teamErrors,
  TrashEmptied,
  updateTask,
  workErrors,
} from '@tenon/core';
import { bulkAnswer } from '../bulk.ts';
import { heading, router } from '../trpc.ts';

const { bulk, mutation, query } = heading({ name: 'Tasks', description: 'What is to be done, by whom and by when.' });

const { task_not_found, parent_not_found, assignee_not_found, tag_not_found, parent_cycle } = workErrors;
const { team_not_found } = teamErrors;

const TaskBulkAnswer = bulkAnswer('TaskBulkAnswer', { task: Task.nullable() });

const createProblems = [parent_not_found, assignee_not_found, tag_not_found, team_not_found, errors.limit_exceeded];
const updateProblems = [
  task_not_found,
  parent_not_found,
  assignee_not_found,
  tag_not_found,
  team_not_found,
  parent_cycle,
];

export const taskRouter = router({
  list: query({
    rest: 'GET /tasks',
    access: 'task:read',
    summary: 'List tasks',
    input: TaskListInput,
    output: TaskPage,
    run: listTasks,
  }),
  create: mutation({
    rest: 'POST /tasks',
    access: 'task:create',
    summary: 'Create a task',
    status: 201,
    input: TaskCreate,
    output: Task,
    problems: createProblems,
    run: createTask,
  }),
  bulkCreate: bulk({
    rest: 'POST /tasks/bulk-create',
    access: 'task:create',
    summary: 'Create up to 500 tasks',
    description: 'In one transaction. Each task follows the rules of tasks.create.',
    rowStatus: 201,
    input: TaskBulkCreate,
    output: TaskBulkAnswer,
    problems: createProblems,
    run: bulkCreateTasks,
  }),
  get: query({
    rest: 'GET /tasks/{id}',
    access: 'task:read',
    summary: 'Read a task',
    input: ById,
    output: Task,
    problems: [task_not_found],
    run: getTask,
  }),
  update: mutation({
    rest: 'PATCH /tasks/{id}',
    access: 'task:update',
    summary: 'Change a task',
    description: 'Only the fields that are sent change; null clears. Subtasks do not follow it to another team.',
    versioned: true,
    input: TaskUpdate,
    output: Task,
    problems: updateProblems,
    run: updateTask,
  }),
  bulkUpdate: bulk({
    rest: 'POST /tasks/bulk-update',
    access: 'task:update',
    summary: 'Change up to 500 tasks',
    description:
      'In one transaction: all in the same way by `ids` and `changes`, or each in its own way by `items`. Each task follows the rules of tasks.update, and records its own event.',
    rowStatus: 200,
    input: TaskBulkUpdate,
    output: TaskBulkAnswer,
    problems: updateProblems,
    run: bulkUpdateTasks,
  }),
  delete: mutation({
    rest: 'DELETE /tasks/{id}',
    access: 'task:delete',
    summary: 'Move a task and its subtasks to the trash',
    description:
      'With `permanent` it deletes them for ever, in the trash or not. More than 500 tasks take long: the task itself is in the trash at once, or nothing is deleted yet, and a job goes on. When the caller may not delete one of the subtasks, everything comes back from the trash, but what was deleted for ever stays so.',
    versioned: true,
    long: true,
    input: TaskDelete,
    problems: [task_not_found],
    run: deleteTask,
  }),
  restore: mutation({
    rest: 'POST /tasks/{id}/restore',
    access: 'task:delete',
    summary: 'Bring back from the trash what was moved there together',
    description: 'More than 500 tasks take long: the task itself is back at once, and a job goes on.',
    versioned: true,
    long: true,
    input: ById,
    output: Task,
    problems: [
      task_not_found,
      parent_not_found,
      workErrors.task_not_deleted,
      workErrors.parent_deleted,
      errors.limit_exceeded,
    ],
    run: restoreTask,
  }),
  emptyTrash: mutation({
    rest: 'POST /tasks/trash/empty',
    access: 'task:delete_any',
    summary: 'Empty the trash of tasks',
    description:
      'Deletes everything for ever that the caller sees there and may delete. More than 500 tasks take long.',
    long: true,
    output: TrashEmptied,
    run: emptyTrash,
  }),
  listActivity: query({
    rest: 'GET /tasks/{id}/activity',
    access: 'activity:read',
    summary: 'List what happened to a task and to its comments',
    input: TaskActivityInput,
    output: ActivityPage,
    problems: [task_not_found],
    run: listTaskActivity,
  }),
});
