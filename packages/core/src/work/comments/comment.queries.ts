import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireTask } from '../tasks/index.ts';
import type { Comment, CommentListInput } from './comment.schema.ts';

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
    const query = db
      .selectFrom('comments')
      .where('comments.task_id', '=', input.id)
      .where('comments.deleted_at', 'is', null);
    const columns = query
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
    const { rows, nextCursor } = await readPage(columns, order, request);
    const data = rows.map(({ id, taskId, body, authorId, username, fullName, createdAt, updatedAt }) => ({
      id,
      taskId,
      body,
      author: { id: authorId, username, fullName },
      createdAt,
      updatedAt,
    }));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
