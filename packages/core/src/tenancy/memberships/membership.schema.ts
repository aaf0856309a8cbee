import { z } from 'zod';
import { instantOut, Person } from '../../kernel/schemas.ts';
import { memberStatuses } from './membership.entity.ts';

/** What a membership itself says of a member. `Member` adds the roles and the department. */
export const Membership = z.object({
  user: z
    .object({ ...Person.shape, email: z.string().describe('The e-mail address.') })
    .describe('The person, with their address.'),
  status: z
    .enum(memberStatuses)
    .describe('`active`; `suspended`: they cannot use the organization for now; `ended`: they are no longer a member.'),
  title: z.string().nullable().describe('What they do in the organization.'),
  joinedAt: instantOut().describe('When they became a member.'),
});
export type Membership = z.output<typeof Membership>;
