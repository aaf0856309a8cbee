import { z } from 'zod';
import { defineEvents, event } from '../../activity/index.ts';
import { Membership } from './membership.schema.ts';

const { status, title } = Membership.shape;
const version = z.int();
const roles = z.array(z.string()).describe('The keys of the roles, the strongest first.');
const assignment = {
  assignmentId: z.uuid(),
  role: z.string().describe('The key of the role.'),
  scope: z
    .object({
      kind: z.string().describe('`organization`, `department` (with all below it), `team` or `project`.'),
      id: z.uuid().nullable(),
    })
    .describe('Where the member has the role.'),
};
const identityProviderId = z.uuid().optional().describe('The provider whose sign-in caused it.');

/** What happens to a member. An event is about the user, whose id is its entity id. */
export const memberEvents = defineEvents('member', {
  joined: event({
    data: { roles, invitationId: z.uuid().optional(), identityProviderId },
    summary: ({ actor }) => `${actor} joined the organization`,
  }),
  updated: event({
    data: { version },
    changes: { title },
    summary: ({ actor, changes }) => `${actor} changed ${Object.keys(changes).join(', ')} of a member`,
  }),
  role_changed: event({
    data: { version, identityProviderId },
    changes: { roles },
    summary: ({ actor }) => `${actor} changed the roles of a member`,
  }),
  role_assigned: event({
    data: { ...assignment, validTo: z.iso.datetime().nullable().describe('When it ends; null is never.') },
    summary: ({ actor, data: { role } }) => `${actor} gave a member the role ${role}`,
  }),
  role_unassigned: event({
    data: assignment,
    summary: ({ actor, data: { role } }) => `${actor} took the role ${role} from a member`,
  }),
  sessions_ended: event({
    data: { version },
    summary: ({ actor }) => `${actor} ended the sessions of a member in the organization`,
  }),
  suspended: event({
    data: { version },
    changes: { status },
    summary: ({ actor }) => `${actor} suspended a member`,
  }),
  reinstated: event({
    data: { version },
    changes: { status },
    summary: ({ actor }) => `${actor} reinstated a member`,
  }),
  removed: event({
    data: { roles, version },
    summary: ({ actor }) => `${actor} removed a member from the organization`,
  }),
  left: event({ data: { roles, version }, summary: ({ actor }) => `${actor} left the organization` }),
});
