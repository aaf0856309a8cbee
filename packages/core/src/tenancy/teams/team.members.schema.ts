import { z } from 'zod';
import { id, instantOut, listInput, page, Person } from '../../kernel/schemas.ts';

export const TeamMember = z
  .object({ user: Person, addedAt: instantOut() })
  .meta({ id: 'TeamMember', description: 'A member in a team.' });
export type TeamMember = z.output<typeof TeamMember>;

export const TeamMemberPage = page(TeamMember).meta({ id: 'TeamMemberPage' });

export const TeamMemberListInput = z.strictObject({
  id: id().describe('The team.'),
  ...listInput('addedAt'),
});
export type TeamMemberListInput = z.output<typeof TeamMemberListInput>;

export const TeamMemberPath = z.strictObject({ id: id().describe('The team.'), userId: id() });
export type TeamMemberPath = z.output<typeof TeamMemberPath>;
