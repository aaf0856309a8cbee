import {
  addTeamMember,
  ById,
  createTeam,
  deleteTeam,
  departmentErrors,
  getTeam,
  listTeamMembers,
  listTeams,
  page,
  removeTeamMember,
  Team,
  TeamCreate,
  teamErrors,
  TeamListInput,
  TeamMember,
  TeamMemberListInput,
  TeamMemberPath,
  TeamUpdate,
  tenancyErrors,
  updateTeam,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Teams',
  description: 'People who work together, in a department or across them.',
  group: 'People and access',
  guide: 'access',
});

const { team_not_found, team_name_taken, team_in_use } = teamErrors;
const { department_not_found } = departmentErrors;
const { member_not_found, role_exceeds_own } = tenancyErrors;

export const teamRouter = router({
  list: query({
    rest: 'GET /teams',
    access: 'team:read',
    summary: 'List teams',
    input: TeamListInput,
    output: page(Team),
    run: listTeams,
  }),
  create: mutation({
    rest: 'POST /teams',
    access: 'team:create',
    summary: 'Create a team',
    status: 201,
    input: TeamCreate,
    output: Team,
    problems: [department_not_found, team_name_taken],
    run: createTeam,
  }),
  get: query({
    rest: 'GET /teams/{id}',
    access: 'team:read',
    summary: 'Read a team',
    revalidates: true,
    input: ById,
    output: Team,
    problems: [team_not_found],
    run: getTeam,
  }),
  update: mutation({
    rest: 'PATCH /teams/{id}',
    access: 'team:update',
    summary: 'Change a team',
    description: 'Only the fields that are sent change; null clears.',
    versioned: true,
    input: TeamUpdate,
    output: Team,
    problems: [team_not_found, department_not_found, team_name_taken, role_exceeds_own],
    run: updateTeam,
  }),
  delete: mutation({
    rest: 'DELETE /teams/{id}',
    access: 'team:delete',
    summary: 'Delete a team for ever',
    description:
      'Refused as long as it has tasks; those in the trash lose it. Its members stay members of the organization.',
    versioned: true,
    input: ById,
    problems: [team_not_found, team_in_use],
    run: deleteTeam,
  }),
  listMembers: query({
    rest: 'GET /teams/{id}/members',
    access: 'team:read',
    summary: 'List the members of a team',
    input: TeamMemberListInput,
    output: page(TeamMember),
    problems: [team_not_found],
    run: listTeamMembers,
  }),
  addMember: mutation({
    rest: 'PUT /teams/{id}/members/{userId}',
    access: 'team:update',
    summary: 'Add a member to a team',
    description: 'Done twice, it changes nothing.',
    input: TeamMemberPath,
    output: TeamMember,
    problems: [team_not_found, member_not_found],
    run: addTeamMember,
  }),
  removeMember: mutation({
    rest: 'DELETE /teams/{id}/members/{userId}',
    access: 'team:update',
    summary: 'Take a member out of a team',
    input: TeamMemberPath,
    problems: [team_not_found, member_not_found],
    run: removeTeamMember,
  }),
});
