import {
  Comment,
  CommentCreate,
  CommentListInput,
  CommentPath,
  CommentUpdate,
  createComment,
  deleteComment,
  getComment,
  listComments,
  page,
  restoreComment,
  updateComment,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Comments',
  description: 'What people say about a task.',
  group: 'Work',
});

const { comment_is_reply, comment_not_deleted, comment_not_found, parent_deleted, task_not_found } = workErrors;

export const commentRouter = router({
  list: query({
    rest: 'GET /tasks/{taskId}/comments',
    access: 'comment:read',
    summary: 'List the comments on a task',
    input: CommentListInput,
    output: page(Comment),
    problems: [task_not_found],
    run: listComments,
  }),
  get: query({
    rest: 'GET /tasks/{taskId}/comments/{commentId}',
    access: 'comment:read',
    summary: 'Get a comment',
    input: CommentPath,
    output: Comment,
    problems: [task_not_found, comment_not_found],
    run: getComment,
  }),
  create: mutation({
    rest: 'POST /tasks/{taskId}/comments',
    access: 'comment:create',
    summary: 'Comment on a task, or answer a comment',
    status: 201,
    input: CommentCreate,
    output: Comment,
    problems: [task_not_found, comment_not_found, comment_is_reply],
    run: createComment,
  }),
  update: mutation({
    rest: 'PATCH /tasks/{taskId}/comments/{commentId}',
    access: 'comment:create',
    summary: 'Change your own comment',
    versioned: true,
    input: CommentUpdate,
    output: Comment,
    problems: [task_not_found, comment_not_found],
    run: updateComment,
  }),
  delete: mutation({
    rest: 'DELETE /tasks/{taskId}/comments/{commentId}',
    access: 'comment:create',
    summary: 'Move a comment to the trash',
    description:
      'The comments of others also need the permission comment:delete_any. Replies are hidden with the comment, and come back with it. After 30 days it is deleted for ever.',
    versioned: true,
    input: CommentPath,
    problems: [task_not_found, comment_not_found],
    run: deleteComment,
  }),
  restore: mutation({
    rest: 'POST /tasks/{taskId}/comments/{commentId}/restore',
    access: 'comment:create',
    summary: 'Bring a comment back from the trash',
    versioned: true,
    input: CommentPath,
    output: Comment,
    problems: [task_not_found, comment_not_found, comment_not_deleted, parent_deleted],
    run: restoreComment,
  }),
});
