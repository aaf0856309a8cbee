import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { linkIdsOf, requireTask, tasks, taskSubject } from '../tasks/index.ts';
import { comments } from './comment.record.ts';
import type { Comment, CommentCreate, CommentListInput, CommentPath } from './comment.schema.ts';

/**
 * Lists the comments of a task.
 * @throws `task_not_found`
 */
export async function listComments(ctx: ServiceContext, input: CommentListInput): Promise<Page<Comment>> {
  authorize(ctx, 'comment:read');
  return read(ctx, async (db) => {
    await requireTask(db, input.id);
    const ofTask = comments.from(db).where('comments.task_id', '=', input.id);
    return comments.page(ctx, db, input, ofTask, `comments ${input.id}`);
  });
}

/** @throws `task_not_found`, `comment_not_found` */
export async function getComment(ctx: ServiceContext, { id, commentId }: CommentPath): Promise<Comment> {
  authorize(ctx, 'comment:read');
  return read(ctx, async (db) => {
    await requireTask(db, id);
    return comments.get(db, { taskId: id, id: commentId });
  });
}

/**
 * Comments on a task. The task's version stays the same.
 * @throws `task_not_found`, `permission_denied`
 */
export async function createComment(ctx: ServiceContext, { id: taskId, body }: CommentCreate): Promise<Comment> {
  requirePermission(ctx, 'comment:create');
  return mutate(ctx, async (unit) => {
    const [task, links] = await Promise.all([tasks.refer(unit, taskId), linkIdsOf(unit.db, [{ id: taskId }])]);
    authorize(ctx, 'comment:create', taskSubject(task, links.assigneeIds.get(taskId) ?? []));
    const comment = await comments.add(unit, { taskId, body }, { parent: { type: 'task', id: taskId } });
    return comments.answer(unit.db, comment);
  });
}
