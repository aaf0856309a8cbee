import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { attachmentTable } from './attachment.entity.ts';
import { attachmentEvents } from './attachment.events.ts';
import { Attachment } from './attachment.schema.ts';

export const attachments = defineRecord(attachmentTable, {
  output: Attachment,
  people: { uploadedBy: 'createdById' },
  events: attachmentEvents,
  missing: workErrors.attachment_not_found,
});

export type AttachmentRow = Awaited<ReturnType<typeof attachments.lock>>;

type Owned = Pick<AttachmentRow, 'taskId' | 'projectId'>;

/** The task or the project in whose activity an attachment is, and with which it is visible. */
export function ownerOf({ taskId, projectId }: Owned): { type: 'task' | 'project'; id: string } {
  if (taskId !== null) return { type: 'task', id: taskId };
  if (projectId !== null) return { type: 'project', id: projectId };
  throw new Error('An attachment is on a task or on a project.');
}

/** What an attachment is on: a comment, or its owner. */
export const attachedTo = ({ commentId, ...owned }: Owned & Pick<AttachmentRow, 'commentId'>): Attachment['entity'] =>
  commentId === null ? ownerOf(owned) : { type: 'comment', id: commentId };

/** The folder of all attachments in the file store. */
export const attachmentsFolder = 'attachments';

/** Where the file of an attachment is in the file store. */
export const attachmentKey = ({ organizationId, id }: Pick<AttachmentRow, 'organizationId' | 'id'>): string =>
  `${attachmentsFolder}/${organizationId}/${id}`;
