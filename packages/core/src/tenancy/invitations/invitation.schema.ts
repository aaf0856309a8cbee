import { z } from 'zod';
import { registrationFields, User } from '../../identity/index.ts';
import { secret } from '../../kernel/redaction.ts';
import { id, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { text } from '../../kernel/text.ts';
import { Member } from '../members/member.schema.ts';
import { Organization, organizationPath, OrganizationRef } from '../organizations/organization.schema.ts';
import { HeldRole } from '../roles/role.schema.ts';

const invitationStatuses = ['pending', 'accepted', 'declined', 'revoked', 'expired'] as const;

export const Invitation = z
  .object({
    id: z.uuid(),
    organization: OrganizationRef.describe('The organization that the person is invited into.'),
    email: z.string().describe('The address that is invited.'),
    roles: z.array(HeldRole).describe('What the member will be.'),
    status: z.enum(invitationStatuses).describe('What became of it.'),
    invitedBy: Person.describe('Who sent it.'),
    expiresAt: instantOut().describe('Until when it can be accepted.'),
    createdAt: instantOut(),
  })
  .meta({ id: 'Invitation', description: 'Asks whoever holds an e-mail address into an organization.' });
export type Invitation = z.output<typeof Invitation>;

const fields = {
  ...listInput(Invitation, 'createdAt'),
  status: z.array(z.enum(invitationStatuses)).min(1).max(5).optional().describe('Any of these.'),
};

export const InvitationListInput = z.strictObject(fields);
export type InvitationListInput = z.output<typeof InvitationListInput>;

export const OrganizationInvitationListInput = z.strictObject({ ...organizationPath, ...fields });
export type OrganizationInvitationListInput = z.output<typeof OrganizationInvitationListInput>;

export const InvitationPath = z.strictObject({ ...organizationPath, id: id() });
export type InvitationPath = z.output<typeof InvitationPath>;

const { email: _invited, ...ownFields } = registrationFields;

export const AcceptInvitation = input('AcceptInvitation', {
  token: secret(text(1, 512)).describe('From the mail of the invitation.'),
  ...ownFields,
});
export type AcceptInvitation = z.output<typeof AcceptInvitation>;

export const InvitedRegistered = output('InvitedRegistered', {
  user: User.describe('The new user.'),
  organization: Organization.describe('The organization that they joined.'),
  member: Member.describe('What they are there.'),
});
export type InvitedRegistered = z.output<typeof InvitedRegistered>;
