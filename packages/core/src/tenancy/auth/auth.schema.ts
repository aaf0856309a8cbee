import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { input, output } from '../../kernel/schemas.ts';
import { registrationFields, User } from '../../identity/index.ts';
import { line } from '../../kernel/text.ts';
import { Organization } from '../organizations/organization.schema.ts';
import { HeldRole } from '../roles/role.schema.ts';

export const Register = input('Register', {
  ...registrationFields,
  organizationName: line(200).optional().describe('With it, an organization is created that the person owns.'),
});
export type Register = z.output<typeof Register>;

export const Registered = output('Registered', {
  user: User.describe('The new user.'),
  organization: Organization.nullable().describe('The new organization; null when none was asked for.'),
  verificationToken: secret(z.string()).optional().describe('Never in production: there the mail alone carries it.'),
});
export type Registered = z.output<typeof Registered>;

export const CurrentAccess = z
  .object({
    user: User.describe('Who is signed in.'),
    organization: Organization.nullable().describe('The active organization; null without one.'),
    roles: z.array(HeldRole).describe('Their roles there, the strongest first.'),
    permissions: z.array(z.string()).describe('What the roles allow together, as `resource:action`.'),
  })
  .meta({ id: 'CurrentAccess', description: 'Who is signed in, where, and what they may do there.' });
export type CurrentAccess = z.output<typeof CurrentAccess>;
