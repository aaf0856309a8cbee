import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { OrganizationCreate, TierChange } from './organization.schema.ts';

const { tier, maxUsers, maxTasks } = TierChange.shape;
const data = { name: z.string(), slug: z.string(), version: z.int() };
const isActive = z.boolean();

export const organizationEvents = defineEvents('organization', {
  ...lifecycle('the organization', OrganizationCreate.shape, { name: data.name, slug: data.slug }),
  avatar_changed: event({ data, summary: (e) => `${e.actor} changed the picture of the organization ${e.data.name}` }),
  avatar_removed: event({ data, summary: (e) => `${e.actor} removed the picture of the organization ${e.data.name}` }),
  restored: event({ data, summary: (e) => `${e.actor} restored the organization ${e.data.name}` }),
  activated: event({
    changes: { isActive },
    data,
    summary: (e) => `${e.actor} activated the organization ${e.data.name}`,
  }),
  deactivated: event({
    changes: { isActive },
    data,
    summary: (e) => `${e.actor} deactivated the organization ${e.data.name}`,
  }),
  tier_changed: event({
    changes: { tier, maxUsers, maxTasks },
    data,
    summary: (e) => `${e.actor} changed the limits of the organization ${e.data.name}`,
  }),
  ownership_transferred: event({
    changes: { ownerId: z.uuid() },
    summary: (e) => `${e.actor} made another member the owner of the organization`,
  }),
  purged: event({ summary: () => 'The organization was deleted for ever, 30 days after it was moved to the trash' }),
});

export const organizationSwitchEvents = defineEvents('session', {
  organization_switched: event({
    changes: { organizationId: z.uuid() },
    summary: (e) => `${e.actor} switched a session to another organization`,
  }),
});
