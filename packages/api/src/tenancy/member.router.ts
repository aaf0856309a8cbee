import {
  addMember,
  endMemberSessions,
  listMembers,
  Member,
  MemberAdd,
  MemberInvited,
  MemberListInput,
  MemberPage,
  MemberPath,
  MemberRoles,
  removeMember,
  setMemberRoles,
  tenancyErrors,
} from '@tenon/core';
import { mutation, query, router } from '../trpc.ts';

const members = { name: 'Members', description: 'The people of an organization, and what they are there.' };

const { member_not_found, role_not_found, role_exceeds_own, last_owner } = tenancyErrors;

export const memberRouter = router({
  list: query({
    rest: 'GET /organizations/{organizationId}/users',
    access: 'member:read',
    tags: [members],
    summary: 'List members',
    input: MemberListInput,
    output: MemberPage,
    run: listMembers,
  }),
  add: mutation({
    rest: 'POST /organizations/{organizationId}/users',
    access: 'member:invite',
    tags: [members],
    summary: 'Invite a person by e-mail address',
    description: 'The answer is the same whether the address is known or not. The membership begins when they accept.',
    status: 202,
    input: MemberAdd,
    output: MemberInvited,
    problems: [role_not_found, role_exceeds_own],
    run: addMember,
  }),
  setRoles: mutation({
    rest: 'PUT /organizations/{organizationId}/users/{userId}/roles',
    access: 'member:update',
    tags: [members],
    summary: 'Set the roles of a member',
    description: 'Nobody gives or takes more than they hold themselves, and the last owner stays.',
    input: MemberRoles,
    output: Member,
    problems: [member_not_found, role_not_found, role_exceeds_own, last_owner],
    run: setMemberRoles,
  }),
  endSessions: mutation({
    rest: 'DELETE /organizations/{organizationId}/users/{userId}/sessions',
    access: 'member:update',
    tags: [members],
    summary: 'Cut the sessions of a member off from the organization',
    description:
      'They are answered 403 `session_cut_off` here from then on, and go on in other organizations. Signing in again leads back in.',
    input: MemberPath,
    problems: [member_not_found, role_exceeds_own],
    run: endMemberSessions,
  }),
  remove: mutation({
    rest: 'DELETE /organizations/{organizationId}/users/{userId}',
    access: 'member:remove',
    tags: [members],
    summary: 'Remove a member',
    description: 'The membership ends; what the member did keeps their name.',
    input: MemberPath,
    problems: [member_not_found, role_exceeds_own, last_owner],
    run: removeMember,
  }),
});
