import { authorize, requirePermission } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { loadTask } from '../tasks/index.ts';
import { CommentEntity } from './comment.entity.ts';
import type { Comment, CommentCreate } from './comment.schema.ts';

/**
 * Comments on a task; the task's version does not move.
 * @throws `task_not_found`, `permission_denied`
 */
export async function createComment(ctx: ServiceContext, input: CommentCreate): Promise<Comment> {
  requirePermission(ctx, 'comment:create');
  const { userId, organizationId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const { links, subject } = await loadTask(unit, input.id);
    authorize(ctx, 'comment:create', subject);
    const comment = {
      organizationId,
      id: uuidv7(),
      taskId: input.id,
      body: input.body,
      version: 1,
      createdAt: unit.now,
      createdById: userId,
      updatedAt: unit.now,
      updatedById: userId,
    };
    await unit.insert(CommentEntity, comment);
    await recordEvents(unit, {
      type: 'comment.created',
      entity: { type: 'comment', id: comment.id },
      parent: { type: 'task', id: input.id },
      data: { body: input.body },
    });
    return {
      id: comment.id,
      taskId: input.id,
      body: input.body,
      author: links.people.get(userId) ?? { id: userId, username: null, fullName: null },
      createdAt: unit.now.toISOString(),
      updatedAt: unit.now.toISOString(),
    };
  });
}
