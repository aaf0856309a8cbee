import {
  acceptInvitation,
  ById,
  declineInvitation,
  errors,
  Invitation,
  InvitationListInput,
  InvitationPath,
  listInvitations,
  listOwnInvitations,
  loginErrors,
  Member,
  OrganizationInvitationListInput,
  page,
  resendInvitation,
  revokeInvitation,
  tenancyErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Invitations',
  description: 'Invitations to your own e-mail address, and into an organization.',
  group: 'People and access',
});

const { email_not_verified } = loginErrors;
const { invitation_not_found, invitation_not_pending, organization_inactive, role_exceeds_own } = tenancyErrors;

const InvitationPage = page(Invitation);

export const invitationRouter = router({
  listMine: query({
    rest: 'GET /invitations',
    access: 'user',
    summary: 'List the invitations to your address',
    input: InvitationListInput,
    output: InvitationPage,
    problems: [email_not_verified],
    run: listOwnInvitations,
  }),
  accept: mutation({
    rest: 'POST /invitations/{id}/accept',
    access: 'user',
    summary: 'Accept an invitation',
    description: 'You become a member with the roles that it offers.',
    input: ById,
    output: Member,
    problems: [
      email_not_verified,
      invitation_not_found,
      invitation_not_pending,
      organization_inactive,
      errors.limit_exceeded,
    ],
    run: acceptInvitation,
  }),
  decline: mutation({
    rest: 'POST /invitations/{id}/decline',
    access: 'user',
    summary: 'Decline an invitation',
    input: ById,
    problems: [email_not_verified, invitation_not_found, invitation_not_pending, organization_inactive],
    run: declineInvitation,
  }),
  list: query({
    rest: 'GET /organizations/{organizationId}/invitations',
    access: 'member:read',
    summary: 'List the invitations into an organization',
    input: OrganizationInvitationListInput,
    output: InvitationPage,
    run: listInvitations,
  }),
  resend: mutation({
    rest: 'POST /organizations/{organizationId}/invitations/{id}/resend',
    access: 'member:invite',
    summary: 'Send the mail of an invitation again',
    description:
      'It is good for 7 days more, also after it has expired; what the mails before carry is worthless. At most 5 mails a day.',
    input: InvitationPath,
    output: Invitation,
    problems: [invitation_not_found, invitation_not_pending, role_exceeds_own, errors.limit_exceeded],
    run: resendInvitation,
  }),
  revoke: mutation({
    rest: 'DELETE /organizations/{organizationId}/invitations/{id}',
    access: 'member:invite',
    summary: 'Take an invitation back',
    input: InvitationPath,
    problems: [invitation_not_found, invitation_not_pending, role_exceeds_own],
    run: revokeInvitation,
  }),
});
