import { z } from 'zod';
import { instantOut } from '../../kernel/schemas.ts';
import { memberStatuses } from './membership.entity.ts';

/** What a membership itself says of a member. `Member` adds the roles and the department. */
export const Membership = z.object({
  user: z
    .object({ id: z.uuid(), username: z.string().nullable(), fullName: z.string().nullable(), email: z.string() })
    .describe('The person, with their address.'),
  status: z.enum(memberStatuses),
  title: z.string().nullable().describe('What they do in the organization.'),
  joinedAt: instantOut(),
});
export type Membership = z.output<typeof Membership>;
