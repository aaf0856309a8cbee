import { z } from 'zod';
import { defineEvents, event } from '../../activity/index.ts';

const data = { email: z.string() };
const offer = { ...data, roles: z.array(z.string()).describe('The keys of the roles, the strongest first.') };

export const invitationEvents = defineEvents('invitation', {
  resent: event({ data: offer, summary: (e) => `${e.actor} sent the invitation of ${e.data.email} again` }),
  revoked: event({ data, summary: (e) => `${e.actor} revoked the invitation of ${e.data.email}` }),
  declined: event({ data, summary: (e) => `${e.actor} declined the invitation of ${e.data.email}` }),
  expired: event({ data, summary: (e) => `The invitation of ${e.data.email} expired` }),
});

export const invitedMemberEvents = defineEvents('member', {
  invited: event({ entityType: 'invitation', data: offer, summary: (e) => `${e.actor} invited ${e.data.email}` }),
});
