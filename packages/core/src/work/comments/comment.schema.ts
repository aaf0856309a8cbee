import { z } from 'zod';
import { id, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { prose } from '../../kernel/text.ts';

export const Comment = output('Comment', {
  id: z.uuid(),
  taskId: z.uuid(),
  body: z.string(),
  author: Person,
  createdAt: instantOut(),
  updatedAt: instantOut(),
});
export type Comment = z.output<typeof Comment>;

export const CommentCreate = input('CommentCreate', { id: id().describe('The task.'), body: prose(10_000) });
export type CommentCreate = z.output<typeof CommentCreate>;

export const CommentPath = z.strictObject({ id: id().describe('The task.'), commentId: id() });
export type CommentPath = z.output<typeof CommentPath>;

export const CommentListInput = z.strictObject({
  id: id().describe('The task.'),
  ...listInput('createdAt'),
});
export type CommentListInput = z.output<typeof CommentListInput>;
