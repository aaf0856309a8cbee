import { authorize, requirePermission, type Subject } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { IncomingFile } from '../../files/index.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import { mutateWithFile } from '../../records/index.ts';
import { readLimit } from '../../tenancy/index.ts';
import { comments } from '../comments/comment.record.ts';
import type { CommentPath } from '../comments/comment.schema.ts';
import { projects } from '../projects/project.record.ts';
import { linkIdsOf, requireTask, tasks, taskSubject } from '../tasks/index.ts';
import { keptSince } from '../trash.ts';
import { workErrors } from '../work.errors.ts';
import { attachmentEvents } from './attachment.events.ts';
import { requireAttachment, showAttachment } from './attachment.queries.ts';
import { attachmentKey, type AttachmentRow, attachments, ownerOf } from './attachment.record.ts';
import type { Attachment, AttachmentUpload, ProjectAttachmentUpload } from './attachment.schema.ts';
import { takeBytes } from './attachment.total.ts';

/** What a file is attached to: a task, a comment on it, or a project. */
type Place = { taskId: string; commentId: string | null; projectId: null } | { taskId: null; projectId: string };

type PlacedTask = Parameters<typeof taskSubject>[0] & { id: string };

const subjectIn = async (db: ReadDoor, task: PlacedTask) =>
  taskSubject(task, (await linkIdsOf(db, [task])).assigneeIds.get(task.id) ?? []);

/** Whoever may change a project attaches files to it. */
function authorizeOnProject(ctx: ServiceContext, project: { id: string }): void {
  const subject = projects.subject(project);
  authorize(ctx, 'project:update', subject);
  authorize(ctx, 'attachment:create', subject);
}

/** Whoever may change a task attaches files to it. Files on a comment come from its author. */
async function authorizeOnTask(
  ctx: ServiceContext,
  db: ReadDoor,
  task: PlacedTask,
  author: string | null,
): Promise<void> {
  const subject = await subjectIn(db, task);
  authorize(ctx, 'attachment:create', subject);
  if (author === null) authorize(ctx, 'task:update', subject);
  else if (author !== ctx.principal.userId)
    throw errors.permission_denied({
      permission: 'attachment:create',
      grantedBy: [],
      message: 'Only the author of a comment attaches files to it.',
    });
}

/**
 * Checks what can be checked before the file is read.
 * @returns how large it may be, in bytes
 * @throws `task_not_found`, `comment_not_found`, `project_not_found`, `permission_denied`
 */
const prepareUpload = (ctx: ServiceContext, place: Place, organizationId: string): Promise<number> =>
  read(ctx, async (db) => {
    if (place.taskId === null) authorizeOnProject(ctx, await projects.get(db, place.projectId));
    else {
      const { taskId, commentId } = place;
      const task = await requireTask(db, taskId);
      const comment = commentId === null ? null : await comments.get(db, { taskId, id: commentId });
      await authorizeOnTask(ctx, db, task, comment?.author.id ?? null);
    }
    return readLimit(db, organizationId, 'fileBytes');
  });

/** Locks what the file is attached to, so that it is not trashed meanwhile, and decides once more. */
async function lockPlace(unit: Unit, place: Place): Promise<void> {
  if (place.taskId === null) return authorizeOnProject(unit.ctx, await projects.refer(unit, place.projectId));
  const { taskId, commentId } = place;
  const task = await tasks.refer(unit, taskId);
  const comment = commentId === null ? null : await comments.refer(unit, commentId);
  if (comment && comment.taskId !== taskId) throw workErrors.comment_not_found();
  await authorizeOnTask(unit.ctx, unit.db, task, comment?.createdById ?? null);
}

async function attach(ctx: ServiceContext, place: Place, incoming: IncomingFile): Promise<Attachment> {
  requirePermission(ctx, 'attachment:create');
  const { organizationId } = ctx.principal;
  const maxBytes = await prepareUpload(ctx, place, organizationId);
  const id = uuidv7();
  const key = attachmentKey({ organizationId, id });
  return mutateWithFile(ctx, incoming, { key, maxBytes }, async (unit, file) => {
    await lockPlace(unit, place);
    await attachments.add(unit, { id, ...place, ...file }, { parent: ownerOf(place) });
    await takeBytes(unit, file.size);
    return showAttachment(ctx, await requireAttachment(unit.db, id));
  });
}

/**
 * Attaches a file to a task. The task's version stays the same.
 * @throws `task_not_found`, `permission_denied`, `payload_too_large`, `media_type_refused`, `limit_exceeded`
 */
export const uploadAttachment = (
  ctx: ServiceContext,
  { taskId }: AttachmentUpload,
  incoming: IncomingFile,
): Promise<Attachment> => attach(ctx, { taskId, commentId: null, projectId: null }, incoming);

/**
 * Attaches a file to a comment of the caller.
 * @throws `task_not_found`, `comment_not_found`, `permission_denied`, `payload_too_large`, `media_type_refused`, `limit_exceeded`
 */
export const uploadToComment = (
  ctx: ServiceContext,
  { taskId, commentId }: CommentPath,
  incoming: IncomingFile,
): Promise<Attachment> => attach(ctx, { taskId, commentId, projectId: null }, incoming);

/**
 * Attaches a file to a project. The project's version stays the same.
 * @throws `project_not_found`, `permission_denied`, `payload_too_large`, `media_type_refused`, `limit_exceeded`
 */
export const uploadToProject = (
  ctx: ServiceContext,
  { projectId }: ProjectAttachmentUpload,
  incoming: IncomingFile,
): Promise<Attachment> => attach(ctx, { taskId: null, projectId }, incoming);

/**
 * Locks what an attachment is on, before the attachment, in the order of whoever deletes that.
 * @returns what a decision about the attachment needs to know
 * @throws `attachment_not_found`
 */
async function lockAround(unit: Unit, id: string): Promise<Subject> {
  const { db } = unit;
  const missing = workErrors.attachment_not_found;
  const place = await db
    .selectFrom('attachments')
    .select(['task_id as taskId', 'comment_id as commentId', 'project_id as projectId'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!place) throw missing();
  const { type, id: ownerId } = ownerOf(place);
  if (type === 'project') return projects.subject(await projects.refer(unit, ownerId, undefined, missing));
  const task = await tasks.refer(unit, ownerId, undefined, missing);
  if (place.commentId !== null) await comments.refer(unit, place.commentId, undefined, missing);
  return subjectIn(db, task);
}

/**
 * Locks an attachment to delete or restore it: one's own, or any with another permission.
 * @throws `attachment_not_found`, `permission_denied`
 */
async function lockAttachment(unit: Unit, id: string, trash: boolean): Promise<AttachmentRow> {
  const { ctx, now } = unit;
  const subject = await lockAround(unit, id);
  const check = (row: AttachmentRow) => {
    if (row.deletedAt && row.deletedAt <= keptSince(now).toISOString()) throw workErrors.attachment_not_found();
    const own = row.createdById === ctx.principal?.userId;
    authorize(ctx, own ? 'attachment:delete' : 'attachment:delete_any', subject);
  };
  return attachments.lock(unit, id, { trash, check });
}

/**
 * Moves an attachment to the trash. Its file is deleted 30 days later.
 * @throws `attachment_not_found`, `permission_denied`
 */
export async function deleteAttachment(ctx: ServiceContext, { id }: ById): Promise<void> {
  requirePermission(ctx, 'attachment:delete');
  await mutate(ctx, async (unit) => {
    const row = await lockAttachment(unit, id, false);
    const event = { event: attachmentEvents.deleted, parent: ownerOf(row) };
    await attachments.change(unit, row, { deletedAt: unit.now.toISOString() }, event);
  });
}

/**
 * Brings an attachment back from the trash.
 * @throws `attachment_not_found` after 30 days, `attachment_not_deleted`, `permission_denied`
 */
export async function restoreAttachment(ctx: ServiceContext, { id }: ById): Promise<Attachment> {
  requirePermission(ctx, 'attachment:delete');
  return mutate(ctx, async (unit) => {
    const row = await lockAttachment(unit, id, true);
    if (!row.deletedAt) throw workErrors.attachment_not_deleted();
    await attachments.change(
      unit,
      row,
      { deletedAt: null },
      { event: attachmentEvents.restored, parent: ownerOf(row) },
    );
    return showAttachment(ctx, await requireAttachment(unit.db, id));
  });
}
