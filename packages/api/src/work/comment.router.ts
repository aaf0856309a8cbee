import {
  Comment,
  CommentCreate,
  CommentListInput,
  CommentPage,
  CommentPath,
  createComment,
  getComment,
  listComments,
  workErrors,
} from '@tenon/core';
import { mutation, query, router } from '../trpc.ts';

const comments = { name: 'Comments', description: 'What people say about a task.' };

const { comment_not_found, task_not_found } = workErrors;

export const commentRouter = router({
  list: query({
    rest: 'GET /tasks/{id}/comments',
    access: 'comment:read',
    tags: [comments],
    summary: 'List the comments on a task',
    input: CommentListInput,
    output: CommentPage,
    problems: [task_not_found],
    run: listComments,
  }),
  get: query({
    rest: 'GET /tasks/{id}/comments/{commentId}',
    access: 'comment:read',
    tags: [comments],
    summary: 'Get a comment',
    input: CommentPath,
    output: Comment,
    problems: [task_not_found, comment_not_found],
    run: getComment,
  }),
  create: mutation({
    rest: 'POST /tasks/{id}/comments',
    access: 'comment:create',
    tags: [comments],
    summary: 'Comment on a task',
    status: 201,
    input: CommentCreate,
    output: Comment,
    problems: [task_not_found],
    run: createComment,
  }),
});
