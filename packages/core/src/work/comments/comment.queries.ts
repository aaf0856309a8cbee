import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireTask } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import type { Comment, CommentListInput, CommentPath } from './comment.schema.ts';

const commentsOn = (db: ReadDoor, taskId: string) =>
  db.selectFrom('comments').where('comments.task_id', '=', taskId).where('comments.deleted_at', 'is', null);

const withAuthors = (query: ReturnType<typeof commentsOn>) =>
  query
    .innerJoin('users', 'users.id', 'comments.created_by_id')
    .select([
      'comments.id',
      'comments.task_id as taskId',
      'comments.body',
      'comments.created_at as createdAt',
      'comments.updated_at as updatedAt',
      'users.id as authorId',
      'users.username',
      'users.full_name as fullName',
    ]);

type CommentRow = Omit<Comment, 'author'> & { authorId: string; username: string | null; fullName: string | null };

const commentOf = ({ id, taskId, body, authorId, username, fullName, createdAt, updatedAt }: CommentRow): Comment => ({
  id,
  taskId,
  body,
  author: { id: authorId, username, fullName },
  createdAt,
  updatedAt,
});

/**
 * A page of a task's comments.
 * @throws `task_not_found`
 */
export async function listComments(ctx: ServiceContext, input: CommentListInput): Promise<Page<Comment>> {
  authorize(ctx, 'comment:read');
  const order = orderOf(input.sort, { createdAt: { by: sql`comments.created_at` } }, sql`comments.id`);
  const request = pageRequest(ctx, `comments ${input.id}`, input.sort, input);
  return read(ctx, async (db) => {
    await requireTask(db, input.id);
    const query = commentsOn(db, input.id);
    const { rows, nextCursor } = await readPage(withAuthors(query), order, request);
    return { data: rows.map(commentOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** @throws `task_not_found`, `comment_not_found` */
export async function getComment(ctx: ServiceContext, { id, commentId }: CommentPath): Promise<Comment> {
  authorize(ctx, 'comment:read');
  return read(ctx, async (db) => {
    await requireTask(db, id);
    const row = await withAuthors(commentsOn(db, id)).where('comments.id', '=', commentId).executeTakeFirst();
    if (!row) throw workErrors.comment_not_found();
    return commentOf(row);
  });
}
