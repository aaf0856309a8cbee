import {
  acceptInvitation,
  InvitationId,
  InvitationListInput,
  InvitationPage,
  listOwnInvitations,
  loginErrors,
  Member,
  tenancyErrors,
} from '@tenon/core';
import { mutation, query, router } from '../trpc.ts';

const invitations = { name: 'Invitations', description: 'Invitations to your own e-mail address.' };

const { email_not_verified } = loginErrors;
const { invitation_not_found, invitation_not_pending, organization_inactive } = tenancyErrors;

export const invitationRouter = router({
  listMine: query({
    rest: 'GET /invitations',
    access: 'user',
    tags: [invitations],
    summary: 'List the invitations to your address',
    input: InvitationListInput,
    output: InvitationPage,
    problems: [email_not_verified],
    run: listOwnInvitations,
  }),
  accept: mutation({
    rest: 'POST /invitations/{id}/accept',
    access: 'user',
    tags: [invitations],
    summary: 'Accept an invitation',
    description: 'You become a member with the roles that it offers.',
    input: InvitationId,
    output: Member,
    problems: [email_not_verified, invitation_not_found, invitation_not_pending, organization_inactive],
    run: acceptInvitation,
  }),
});
