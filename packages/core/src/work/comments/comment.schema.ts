import { z } from 'zod';
import { auditOut, id, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { prose } from '../../kernel/text.ts';
import { taskRef } from '../tasks/task.schema.ts';

export const Comment = output('Comment', {
  id: z.uuid(),
  taskId: z.uuid().describe('The task that it is about.'),
  parentId: z.uuid().nullable().describe('The comment that it answers. Replies have none of their own.'),
  body: z.string().describe('What it says.'),
  author: Person.describe('Who wrote it.'),
  mentions: z
    .array(Person)
    .describe('The people whose `@username` is in the body and who saw the task when it was written.'),
  editedAt: instantOut().nullable().describe('When the body changed last; null if never.'),
  ...auditOut,
});
export type Comment = z.output<typeof Comment>;

const body = () =>
  prose(10_000).describe('`@username` mentions a member who sees the task: the first 50 of them. Others stay text.');

export const CommentCreate = input('CommentCreate', {
  taskId: taskRef().describe('The task.'),
  body: body(),
  parentId: id().nullable().optional().describe('The comment to answer. It must be no reply itself.'),
});
export type CommentCreate = z.output<typeof CommentCreate>;

export const CommentPath = z.strictObject({ taskId: taskRef().describe('The task.'), commentId: id() });
export type CommentPath = z.output<typeof CommentPath>;

export const CommentUpdate = input('CommentUpdate', { ...CommentPath.shape, body: body() });
export type CommentUpdate = z.output<typeof CommentUpdate>;

export const CommentListInput = z.strictObject({
  taskId: taskRef().describe('The task.'),
  ...listInput(Comment, 'createdAt'),
});
export type CommentListInput = z.output<typeof CommentListInput>;
