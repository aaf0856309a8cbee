import {
  Comment,
  CommentCreate,
  CommentListInput,
  CommentPath,
  createComment,
  getComment,
  listComments,
  page,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({ name: 'Comments', description: 'What people say about a task.' });

const { comment_not_found, task_not_found } = workErrors;

export const commentRouter = router({
  list: query({
    rest: 'GET /tasks/{id}/comments',
    access: 'comment:read',
    summary: 'List the comments on a task',
    input: CommentListInput,
    output: page(Comment),
    problems: [task_not_found],
    run: listComments,
  }),
  get: query({
    rest: 'GET /tasks/{id}/comments/{commentId}',
    access: 'comment:read',
    summary: 'Get a comment',
    input: CommentPath,
    output: Comment,
    problems: [task_not_found, comment_not_found],
    run: getComment,
  }),
  create: mutation({
    rest: 'POST /tasks/{id}/comments',
    access: 'comment:create',
    summary: 'Comment on a task',
    status: 201,
    input: CommentCreate,
    output: Comment,
    problems: [task_not_found],
    run: createComment,
  }),
});
