import { z } from 'zod';
import { anyIdOr, auditOut, id, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';

export const Team = output('Team', {
  id: z.uuid(),
  name: z.string().describe('Unique in the organization, whatever the case or the Unicode form.'),
  description: z.string().nullable().describe('What the team is for.'),
  departmentId: z.uuid().nullable().describe('Null for a team across departments.'),
  ...auditOut,
});
export type Team = z.output<typeof Team>;

export const TeamCreate = input('TeamCreate', {
  name: line(100).describe('Unique in the organization, without case.'),
  description: text(0, 5000).nullable().optional().describe('What the team is for.'),
  departmentId: id().nullable().optional().describe('The department to which it belongs.'),
});
export type TeamCreate = z.output<typeof TeamCreate>;

export const TeamUpdate = input('TeamUpdate', { id: id(), ...TeamCreate.partial().shape });
export type TeamUpdate = z.output<typeof TeamUpdate>;

export const TeamListInput = z.strictObject({
  ...listInput(Team, 'createdAt', 'name'),
  department: anyIdOr('none').describe('Department ids, or `none` for teams without one.'),
  subtree: z.boolean().default(false).describe('Whether `department` means the departments below it too.'),
  member: anyIdOr('me').describe('`me` or user ids of their members.'),
  search: text(1, 200).optional().describe('Part of the name, in any case and Unicode form.'),
});
export type TeamListInput = z.output<typeof TeamListInput>;

export const TeamMember = z
  .object({ user: Person.describe('The member.'), addedAt: instantOut().describe('When they were added.') })
  .meta({ id: 'TeamMember', description: 'A member in a team.' });
export type TeamMember = z.output<typeof TeamMember>;

export const TeamMemberListInput = z.strictObject({
  id: id().describe('The team.'),
  ...listInput(TeamMember, 'addedAt'),
});
export type TeamMemberListInput = z.output<typeof TeamMemberListInput>;

export const TeamMemberPath = z.strictObject({ id: id().describe('The team.'), userId: id() });
export type TeamMemberPath = z.output<typeof TeamMemberPath>;
