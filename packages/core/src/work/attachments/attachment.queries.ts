import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import { type FileDownload, openDownload } from '../../files/index.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import type { IncludeReader } from '../../records/index.ts';
import { comments } from '../comments/comment.record.ts';
import { projects } from '../projects/project.record.ts';
import { requireTask } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import { downloadUrlOf, principalOfLink } from './attachment.link.ts';
import { attachedTo, attachmentKey, type AttachmentRow, attachments } from './attachment.record.ts';
import type {
  Attachment,
  AttachmentLink,
  AttachmentListInput,
  CommentAttachmentListInput,
  ProjectAttachmentListInput,
} from './attachment.schema.ts';

/** What is read of an attachment that is shown or downloaded. */
type ShownRow = Pick<
  AttachmentRow,
  'organizationId' | 'id' | 'taskId' | 'commentId' | 'projectId' | 'fileName' | 'mediaType' | 'size' | 'sha256'
>;

/** An attachment in the shape of the wire. */
export const showAttachment = (ctx: ServiceContext, row: ShownRow): Attachment =>
  attachments.show(row, {
    entity: attachedTo(row),
    downloadUrl: downloadUrlOf(ctx, row.id),
  });

const showAll = (ctx: ServiceContext) => async (rows: readonly ShownRow[]) =>
  rows.map((row) => showAttachment(ctx, row));

type Tables = Pick<ReadDoor, 'selectFrom'>;

/** The attachments that are not in the trash, and whose task, comment and project are not either. */
const living = (db: Tables) =>
  attachments
    .from(db)
    .where((of) =>
      of.or([
        of('attachments.task_id', 'is', null),
        of.exists(
          of
            .selectFrom('tasks')
            .select('tasks.id')
            .whereRef('tasks.id', '=', 'attachments.task_id')
            .where('tasks.deleted_at', 'is', null),
        ),
      ]),
    )
    .where((of) =>
      of.or([
        of('attachments.project_id', 'is', null),
        of.exists(
          of
            .selectFrom('projects')
            .select('projects.id')
            .whereRef('projects.id', '=', 'attachments.project_id')
            .where('projects.deleted_at', 'is', null),
        ),
      ]),
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
    .select(living(db), 'organizationId', 'taskId', 'commentId', 'projectId', 'createdById')
    .where('attachments.id', '=', id)
    .executeTakeFirst();
  if (!row) throw workErrors.attachment_not_found();
  return row;
}

/** The attachments that are on a task itself. */
const onTasks = (db: Tables) => attachments.from(db).where('attachments.comment_id', 'is', null);

/**
 * Lists the files on a task itself. Those on its comments are with the comments.
 * @throws `task_not_found`
 */
export async function listAttachments(ctx: ServiceContext, input: AttachmentListInput): Promise<Page<Attachment>> {
  authorize(ctx, 'attachment:read');
  return read(ctx, async (db) => {
    await requireTask(db, input.taskId);
    const onTask = onTasks(db).where('attachments.task_id', '=', input.taskId);
    return attachments.page(ctx, db, input, onTask, `attachments ${input.taskId}`, showAll(ctx));
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
  const { taskId, commentId } = input;
  return read(ctx, async (db) => {
    await requireTask(db, taskId);
    await comments.get(db, { taskId, id: commentId });
    const onComment = attachments.from(db).where('attachments.comment_id', '=', commentId);
    return attachments.page(ctx, db, input, onComment, `attachments ${commentId}`, showAll(ctx));
  });
}

/**
 * Lists the files on a project itself.
 * @throws `project_not_found`
 */
export async function listProjectAttachments(
  ctx: ServiceContext,
  input: ProjectAttachmentListInput,
): Promise<Page<Attachment>> {
  authorize(ctx, 'attachment:read');
  return read(ctx, async (db) => {
    await projects.get(db, input.projectId);
    const onProject = attachments.from(db).where('attachments.project_id', '=', input.projectId);
    return attachments.page(ctx, db, input, onProject, `attachments ${input.projectId}`, showAll(ctx));
  });
}

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

interface Count {
  id: string;
  count: number;
}

const countOnTasks = statement<Ids, Count>((db, { ids }, dialect) =>
  onTasks(db)
    .select([sql.ref<string>('attachments.task_id').as('id'), countAll().as('count')])
    .where(anyOf(dialect, 'attachments.task_id', ids))
    .groupBy('attachments.task_id'),
);

const countOnProjects = statement<Ids, Count>((db, { ids }, dialect) =>
  attachments
    .from(db)
    .select([sql.ref<string>('attachments.project_id').as('id'), countAll().as('count')])
    .where(anyOf(dialect, 'attachments.project_id', ids))
    .groupBy('attachments.project_id'),
);

const counting =
  (count: typeof countOnTasks): IncludeReader<{ attachmentCount?: number | undefined }> =>
  async (db, ids) => {
    const found = new Map((await db.run(count, { ids })).map((row) => [row.id, row.count]));
    return (id) => ({ attachmentCount: found.get(id) ?? 0 });
  };

/** Counts the files on some tasks themselves, as `listAttachments` lists them. */
export const countTaskAttachments = counting(countOnTasks);

/** Counts the files on some projects themselves, as `listProjectAttachments` lists them. */
export const countProjectAttachments = counting(countOnProjects);

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
