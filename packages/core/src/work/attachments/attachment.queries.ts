import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { type FileDownload, openDownload } from '../../files/index.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { comments } from '../comments/comment.record.ts';
import { requireTask } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import { downloadUrlOf, principalOfLink } from './attachment.link.ts';
import { attachmentKey, type AttachmentRow, attachments } from './attachment.record.ts';
import type {
  Attachment,
  AttachmentLink,
  AttachmentListInput,
  CommentAttachmentListInput,
} from './attachment.schema.ts';

/** What is read of an attachment that is shown or downloaded. */
type ShownRow = Pick<
  AttachmentRow,
  'organizationId' | 'id' | 'taskId' | 'commentId' | 'fileName' | 'mediaType' | 'size' | 'sha256'
>;

/** An attachment in the shape of the wire. */
export const showAttachment = (ctx: ServiceContext, row: ShownRow): Attachment =>
  attachments.show(row, {
    entity: row.commentId === null ? { type: 'task', id: row.taskId } : { type: 'comment', id: row.commentId },
    downloadUrl: downloadUrlOf(ctx, row.id),
  });

const showAll = (ctx: ServiceContext) => async (rows: readonly ShownRow[]) =>
  rows.map((row) => showAttachment(ctx, row));

/** The attachments that are not in the trash, and whose task and comment are not either. */
const living = (db: ReadDoor) =>
  attachments
    .from(db)
    .where((of) =>
      of.exists(
        of
          .selectFrom('tasks')
          .select('tasks.id')
          .whereRef('tasks.id', '=', 'attachments.task_id')
          .where('tasks.deleted_at', 'is', null),
      ),
    )
    .where((of) =>
      of.or([
        of('attachments.comment_id', 'is', null),
        of.exists(
          of
            .selectFrom('comments')
            .select('comments.id')
            .whereRef('comments.id', '=', 'attachments.comment_id')
            .where('comments.deleted_at', 'is', null),
        ),
      ]),
    );

/** @throws `attachment_not_found` */
export async function requireAttachment(db: ReadDoor, id: string): Promise<ShownRow> {
  const row = await attachments
    .select(living(db), 'organizationId', 'taskId', 'commentId', 'createdById')
    .where('attachments.id', '=', id)
    .executeTakeFirst();
  if (!row) throw workErrors.attachment_not_found();
  return row;
}

/**
 * Lists the files on a task itself. Those on its comments are with the comments.
 * @throws `task_not_found`
 */
export async function listAttachments(ctx: ServiceContext, input: AttachmentListInput): Promise<Page<Attachment>> {
  authorize(ctx, 'attachment:read');
  return read(ctx, async (db) => {
    await requireTask(db, input.id);
    const onTask = attachments
      .from(db)
      .where('attachments.task_id', '=', input.id)
      .where('attachments.comment_id', 'is', null);
    return attachments.page(ctx, db, input, onTask, `attachments ${input.id}`, showAll(ctx));
  });
}

/**
 * Lists the files on a comment.
 * @throws `task_not_found`, `comment_not_found`
 */
export async function listCommentAttachments(
  ctx: ServiceContext,
  input: CommentAttachmentListInput,
): Promise<Page<Attachment>> {
  authorize(ctx, 'attachment:read');
  const { id: taskId, commentId } = input;
  return read(ctx, async (db) => {
    await requireTask(db, taskId);
    await comments.get(db, { taskId, id: commentId });
    const onComment = attachments.from(db).where('attachments.comment_id', '=', commentId);
    return attachments.page(ctx, db, input, onComment, `attachments ${commentId}`, showAll(ctx));
  });
}

/** @throws `attachment_not_found` */
export async function getAttachment(ctx: ServiceContext, { id }: ById): Promise<Attachment> {
  authorize(ctx, 'attachment:read');
  return showAttachment(ctx, await read(ctx, (db) => requireAttachment(db, id)));
}

/** @throws `attachment_not_found` */
export async function downloadAttachment(ctx: ServiceContext, { id }: ById): Promise<FileDownload> {
  authorize(ctx, 'attachment:read');
  const row = await read(ctx, (db) => requireAttachment(db, id));
  return openDownload(ctx.files, attachmentKey(row), row);
}

/**
 * The same for whoever a `downloadUrl` was made for, as far as they may read the attachment now.
 * @throws `download_link_refused`, `permission_denied`, `attachment_not_found`
 */
export async function downloadByLink(ctx: ServiceContext, link: AttachmentLink): Promise<FileDownload> {
  const principal = await principalOfLink(ctx, link);
  return downloadAttachment({ ...ctx, principal }, link);
}
