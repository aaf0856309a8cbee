import { z } from 'zod';
import { anyOf, id, instantOut, page, pageInput, Person, sort } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';

export const Team = z
  .object({
    id: z.uuid(),
    name: z.string().describe('Unique in the organization, without case.'),
    description: z.string().nullable(),
    departmentId: z.uuid().nullable().describe('Null for a team across departments.'),
    createdAt: instantOut(),
    updatedAt: instantOut(),
    version: z.number().int().describe('Its ETag: send it as If-Match to change exactly what you read.'),
  })
  .meta({ id: 'Team' });
export type Team = z.output<typeof Team>;

export const TeamPage = page(Team).meta({ id: 'TeamPage' });

const fields = {
  name: line(100),
  description: text(0, 5000).nullable().optional(),
  departmentId: id().nullable().optional().describe('The department to which it belongs.'),
};

export const TeamCreate = z.strictObject(fields).meta({ id: 'TeamCreate' });
export type TeamCreate = z.output<typeof TeamCreate>;

export const TeamUpdate = z
  .strictObject({ id: id(), ...fields, name: fields.name.optional() })
  .meta({ id: 'TeamUpdate' });
export type TeamUpdate = z.output<typeof TeamUpdate>;

export const TeamId = z.strictObject({ id: id() });
export type TeamId = z.output<typeof TeamId>;

export const TeamListInput = z.strictObject({
  ...pageInput,
  sort: sort(['createdAt', 'name']).default('-createdAt'),
  department: anyOf(z.union([z.literal('none'), id()])).describe('Department ids, or `none` for teams without one.'),
  subtree: z.boolean().default(false).describe('Whether `department` means the departments below it too.'),
  member: anyOf(z.union([z.literal('me'), id()])).describe('`me` or user ids of their members.'),
  search: text(1, 200).optional().describe('Part of the name, without case.'),
});
export type TeamListInput = z.output<typeof TeamListInput>;

export const TeamMember = z
  .object({ user: Person, addedAt: instantOut() })
  .meta({ id: 'TeamMember', description: 'A member in a team.' });
export type TeamMember = z.output<typeof TeamMember>;

export const TeamMemberPage = page(TeamMember).meta({ id: 'TeamMemberPage' });

export const TeamMemberListInput = z.strictObject({
  id: id().describe('The team.'),
  ...pageInput,
  sort: sort(['addedAt']).default('-addedAt'),
});
export type TeamMemberListInput = z.output<typeof TeamMemberListInput>;

export const TeamMemberPath = z.strictObject({ id: id().describe('The team.'), userId: id() });
export type TeamMemberPath = z.output<typeof TeamMemberPath>;
