import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { ById, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { text } from '../../kernel/text.ts';
import { CommentPath } from '../comments/comment.schema.ts';
import { projectRef } from '../projects/project.schema.ts';
import { taskRef } from '../tasks/task.schema.ts';

export const Attachment = output('Attachment', {
  id: z.uuid(),
  entity: z
    .object({ type: z.enum(['task', 'comment', 'project']).describe('The kind of entity.'), id: z.uuid() })
    .meta({ id: 'AttachedTo', description: 'What a file is attached to.' })
    .describe('What it is attached to.'),
  fileName: z.string().describe('Safe on every system: no path, no control characters, at most 255 bytes.'),
  mediaType: z.string().describe('By its content, whatever the client said.'),
  size: z.number().int().describe('In bytes.'),
  sha256: z.string().describe('In hex; also its ETag.'),
  uploadedBy: Person.describe('Who uploaded it.'),
  createdAt: instantOut(),
  downloadUrl: secret(z.string()).describe(
    'Downloads the file without signing in, for whoever was answered it, for at most 15 minutes.',
  ),
});
export type Attachment = z.output<typeof Attachment>;

export const AttachmentListInput = z.strictObject({
  taskId: taskRef().describe('The task.'),
  ...listInput(Attachment, 'createdAt'),
});
export type AttachmentListInput = z.output<typeof AttachmentListInput>;

export const CommentAttachmentListInput = z.strictObject({
  ...CommentPath.shape,
  ...listInput(Attachment, 'createdAt'),
});
export type CommentAttachmentListInput = z.output<typeof CommentAttachmentListInput>;

export const ProjectAttachmentListInput = z.strictObject({
  projectId: projectRef().describe('The project.'),
  ...listInput(Attachment, 'createdAt'),
});
export type ProjectAttachmentListInput = z.output<typeof ProjectAttachmentListInput>;

export const AttachmentUpload = z.strictObject({ taskId: taskRef().describe('The task.') });
export type AttachmentUpload = z.output<typeof AttachmentUpload>;

export const ProjectAttachmentUpload = z.strictObject({ projectId: projectRef().describe('The project.') });
export type ProjectAttachmentUpload = z.output<typeof ProjectAttachmentUpload>;

export const AttachmentLink = input('AttachmentLink', {
  ...ById.shape,
  token: secret(text(1, 512)).describe('As the `downloadUrl` has it.'),
});
export type AttachmentLink = z.output<typeof AttachmentLink>;
