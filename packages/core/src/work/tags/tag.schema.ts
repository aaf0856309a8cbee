import { z } from 'zod';
import { auditOut, id, input, listInput, output } from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';

export const Tag = output('Tag', {
  id: z.uuid(),
  name: z.string().describe('Unique in the organization, whatever the case or the Unicode form.'),
  color: z.string().describe('As `#rrggbb`.'),
  ...auditOut,
});
export type Tag = z.output<typeof Tag>;

const color = () =>
  z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'Must be a color as #rrggbb.')
    .toLowerCase();

export const TagCreate = input('TagCreate', {
  name: line(50).describe('Unique in the organization, without case.'),
  color: color().default('#6b7280').describe('As `#rrggbb`.'),
});
export type TagCreate = z.output<typeof TagCreate>;

export const TagUpdate = input('TagUpdate', {
  id: id(),
  name: line(50).optional().describe('Unique in the organization, without case.'),
  color: color().optional().describe('As `#rrggbb`.'),
});
export type TagUpdate = z.output<typeof TagUpdate>;

export const TagMerge = input('TagMerge', {
  id: id().describe('The tag that goes.'),
  intoId: id().describe('The tag that its tasks get instead.'),
});
export type TagMerge = z.output<typeof TagMerge>;

export const TagListInput = z.strictObject(listInput(Tag, 'createdAt', 'name'));
export type TagListInput = z.output<typeof TagListInput>;
