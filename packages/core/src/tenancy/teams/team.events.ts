import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { TeamCreate } from './team.schema.ts';

const member = { userId: z.uuid() };

export const teamEvents = defineEvents('team', {
  ...lifecycle('the team', TeamCreate.shape, { name: z.string() }),
  member_added: event({ data: member, summary: ({ actor }) => `${actor} added a member to a team` }),
  member_removed: event({ data: member, summary: ({ actor }) => `${actor} removed a member from a team` }),
});
