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

/** The folder of all attachments in the file store. */
export const attachmentsFolder = 'attachments';

/** Where the file of an attachment is in the file store. */
export const attachmentKey = ({ organizationId, id }: Pick<AttachmentRow, 'organizationId' | 'id'>): string =>
  `${attachmentsFolder}/${organizationId}/${id}`;
