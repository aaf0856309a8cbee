import { defineRecord } from '../../records/index.ts';
import { teamTable } from './team.entity.ts';
import { teamErrors } from './team.errors.ts';
import { teamEvents } from './team.events.ts';
import { Team } from './team.schema.ts';

export const teams = defineRecord(teamTable, {
  output: Team,
  events: teamEvents,
  derived: ({ name }) => ({ nameSort: name.toLowerCase() }),
  missing: teamErrors.team_not_found,
  taken: { error: teamErrors.team_name_taken, fields: ['name'] },
  inUse: (kinds) =>
    teamErrors.team_in_use({ message: `${kinds} still belong to this team: give them to another team, or to none.` }),
});
