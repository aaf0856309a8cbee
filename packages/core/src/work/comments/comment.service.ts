import { authorize, requirePermission, type Subject } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { linkIdsOf, markLinked, tasks, taskSubject } from '../tasks/index.ts';
import { keptSince } from '../trash.ts';
import { watchAsCommenter } from '../watchers/watcher.service.ts';
import { workErrors } from '../work.errors.ts';
import { commentEvents } from './comment.events.ts';
import { mentionsIn } from './comment.mentions.ts';
import { answerComment } from './comment.queries.ts';
import { comments } from './comment.record.ts';
import type { Comment, CommentCreate, CommentPath, CommentUpdate } from './comment.schema.ts';

type CommentRow = Awaited<ReturnType<typeof comments.add>>;

/**
 * Locks the task of a comment, so that nobody trashes it meanwhile. Answers what a decision needs to know about it.
 * @throws `task_not_found`
 */
async function lockTaskOf(unit: Unit, taskId: string) {
  const [task, links] = await Promise.all([tasks.refer(unit, taskId), linkIdsOf(unit.db, [{ id: taskId }])]);
  const assigneeIds = links.assigneeIds.get(taskId) ?? [];
  return {
    subject: taskSubject(task, assigneeIds),
    /** Whether the caller has a row of their own among the watchers. */
    isWatcher: links.muted.has(taskId),
  };
}

/** The task is the parent of the events about its comments. */
const about = (taskId: string) => ({ parent: { type: 'task', id: taskId } });

/**
 * Throws unless a comment can be answered.
 * @throws `comment_not_found` when it is of another task or in the trash, `comment_is_reply`
 */
async function referToParent(unit: Unit, taskId: string, parentId: string): Promise<void> {
  const parent = await comments.refer(unit, parentId, 'parentId');
  if (parent.taskId !== taskId) throw workErrors.comment_not_found({ field: ['parentId'] });
  if (parent.parentId !== null) throw workErrors.comment_is_reply({ field: ['parentId'] });
}

/**
 * Comments on a task, or answers a comment. The task's version stays the same.
 * @throws `task_not_found`, `permission_denied`, `comment_not_found`, `comment_is_reply`
 */
export async function createComment(
  ctx: ServiceContext,
  { taskId, body, parentId = null }: CommentCreate,
): Promise<Comment> {
  requirePermission(ctx, 'comment:create');
  const mentionIds = await mentionsIn(ctx, taskId, body);
  return mutate(ctx, async (unit) => {
    // Changes the task before it shares the lock on it: two that share it could not both change the task.
    const [, { subject, isWatcher }] = await Promise.all([markLinked(unit, taskId), lockTaskOf(unit, taskId)]);
    authorize(ctx, 'comment:create', subject);
    if (parentId !== null) await referToParent(unit, taskId, parentId);
    const [{ id: commentId }] = await Promise.all([
      comments.add(unit, { taskId, parentId, body, mentionIds }, about(taskId)),
      isWatcher ? null : watchAsCommenter(unit, taskId),
    ]);
    return answerComment(unit, { taskId, commentId });
  });
}

/** Throws when a comment answers one that is in the trash: then it is hidden. */
async function refuseHidden(unit: Unit, { parentId }: CommentRow, hidden = workErrors.comment_not_found) {
  if (parentId === null) return;
  const [parent] = await comments.lockMany(unit, { id: parentId }, { trash: true, share: true });
  if (parent?.deletedAt) throw hidden();
}

/**
 * Changes the text of the caller's own comment. Nobody changes that of others. The same text changes nothing.
 * @throws `task_not_found`, `comment_not_found`, `permission_denied`, `version_conflict`
 */
export async function updateComment(ctx: ServiceContext, { body, ...path }: CommentUpdate): Promise<Comment> {
  requirePermission(ctx, 'comment:create');
  const { userId } = ctx.principal;
  const mentionIds = await mentionsIn(ctx, path.taskId, body);
  return mutate(ctx, async (unit) => {
    const { subject } = await lockTaskOf(unit, path.taskId);
    const check = async (row: CommentRow) => {
      await refuseHidden(unit, row);
      authorize(ctx, 'comment:create', subject);
      if (row.createdById !== userId)
        throw errors.permission_denied({ message: 'Only the author of a comment changes it.' });
    };
    const comment = await comments.lock(unit, { taskId: path.taskId, id: path.commentId }, { check });
    if (comment.body !== body)
      await comments.change(unit, comment, { body, mentionIds, editedAt: unit.now.toISOString() }, about(path.taskId));
    return answerComment(unit, path);
  });
}

/** Throws unless the caller may delete a comment: their own, or anybody's with another permission. */
function authorizeDelete(ctx: ServiceContext, { createdById }: CommentRow, subject: Subject): void {
  authorize(ctx, createdById === ctx.principal?.userId ? 'comment:create' : 'comment:delete_any', subject);
}

/**
 * Moves a comment to the trash. Its replies are hidden with it.
 * @throws `task_not_found`, `comment_not_found`, `permission_denied`, `version_conflict`
 */
export async function deleteComment(ctx: ServiceContext, { taskId, commentId }: CommentPath): Promise<void> {
  requirePermission(ctx, 'comment:create');
  await mutate(ctx, async (unit) => {
    const { subject } = await lockTaskOf(unit, taskId);
    const check = async (row: CommentRow) => {
      await refuseHidden(unit, row);
      authorizeDelete(ctx, row, subject);
    };
    const comment = await comments.lock(unit, { taskId, id: commentId }, { check });
    const trashed = { deletedAt: unit.now.toISOString() };
    await comments.change(unit, comment, trashed, { event: commentEvents.deleted, ...about(taskId) });
  });
}

/**
 * Brings a comment back from the trash, with its replies.
 * @throws `task_not_found`, `comment_not_found` after 30 days, `permission_denied`, `version_conflict`, `comment_not_deleted`,
 * `parent_deleted` when it answers a comment that is in the trash
 */
export async function restoreComment(ctx: ServiceContext, path: CommentPath): Promise<Comment> {
  requirePermission(ctx, 'comment:create');
  return mutate(ctx, async (unit) => {
    const { subject } = await lockTaskOf(unit, path.taskId);
    const check = (row: CommentRow) => {
      if (row.deletedAt && row.deletedAt <= keptSince(unit.now).toISOString()) throw workErrors.comment_not_found();
      authorizeDelete(ctx, row, subject);
    };
    const comment = await comments.lock(unit, { taskId: path.taskId, id: path.commentId }, { check, trash: true });
    if (!comment.deletedAt) throw workErrors.comment_not_deleted();
    await refuseHidden(unit, comment, workErrors.parent_deleted);
    const restored = { deletedAt: null };
    await comments.change(unit, comment, restored, { event: commentEvents.restored, ...about(path.taskId) });
    return answerComment(unit, path);
  });
}
