import { defineErrors, notFound } from '../../kernel/errors.ts';
import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { teamMemberTable, teamTable } from './team.entity.ts';
import { teamEvents } from './team.events.ts';
import { Team, TeamMember } from './team.schema.ts';

export const teamErrors = defineErrors({
  team_not_found: notFound('team'),
  team_in_use: {
    kind: 'conflict',
    message: 'Something still belongs to this team: give it to another, or to none.',
    cause: 'Tasks, roles or other objects belong to the team.',
    remedy: 'Give them to another team, or to none, and delete the team afterwards.',
  },
  team_name_taken: {
    kind: 'conflict',
    message: 'There is already a team of this name.',
    cause: 'Another team of the organization has this name. Names are compared without case.',
    remedy: 'Choose another name, or use the team that exists.',
  },
});

export const teams = defineRecord(teamTable, {
  output: Team,
  events: teamEvents,
  derived: ({ name }) => ({ nameSort: keyOf(name) }),
  missing: teamErrors.team_not_found,
  taken: { error: teamErrors.team_name_taken, fields: ['name'] },
  inUse: (kinds) =>
    teamErrors.team_in_use({ message: `${kinds} still belong to this team: give them to another team, or to none.` }),
});

export const teamMembers = defineRecord(teamMemberTable, {
  output: TeamMember,
  people: { user: 'userId' },
  events: { created: teamEvents.member_added, deleted: teamEvents.member_removed },
  about: 'teamId',
  missing: () => tenancyErrors.member_not_found({ field: ['userId'] }),
});
