import { defineErrors } from '../../kernel/errors.ts';

export const teamErrors = defineErrors({
  team_not_found: { kind: 'not_found', message: 'There is no such team.' },
  team_in_use: { kind: 'conflict', message: 'Something still belongs to this team: give it to another, or to none.' },
  team_name_taken: { kind: 'conflict', message: 'There is already a team of this name.' },
});
