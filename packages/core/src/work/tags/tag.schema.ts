import { z } from 'zod';
import { id, instantOut, listInput, page } from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';

export const Tag = z
  .object({
    id: z.uuid(),
    name: z.string().describe('Unique in the organization, without case.'),
    color: z.string().describe('As `#rrggbb`.'),
    createdAt: instantOut(),
  })
  .meta({ id: 'Tag' });
export type Tag = z.output<typeof Tag>;

export const TagPage = page(Tag).meta({ id: 'TagPage' });

const color = () =>
  z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'Must be a color as #rrggbb.')
    .toLowerCase();

export const TagCreate = z
  .strictObject({ name: line(50), color: color().default('#6b7280').describe('By default a grey.') })
  .meta({ id: 'TagCreate' });
export type TagCreate = z.output<typeof TagCreate>;

export const TagUpdate = z
  .strictObject({ id: id(), name: line(50).optional(), color: color().optional() })
  .meta({ id: 'TagUpdate' });
export type TagUpdate = z.output<typeof TagUpdate>;

export const TagId = z.strictObject({ id: id() });
export type TagId = z.output<typeof TagId>;

export const TagListInput = z.strictObject(listInput('createdAt', 'name'));
export type TagListInput = z.output<typeof TagListInput>;
