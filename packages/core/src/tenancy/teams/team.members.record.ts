import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { teamEvents } from './team.events.ts';
import { teamMemberTable } from './team.members.entity.ts';
import { TeamMember } from './team.members.schema.ts';

export const teamMembers = defineRecord(teamMemberTable, {
  output: TeamMember,
  people: { user: 'userId' },
  events: { created: teamEvents.member_added, deleted: teamEvents.member_removed },
  about: 'teamId',
  missing: () => tenancyErrors.member_not_found({ field: ['userId'] }),
});
