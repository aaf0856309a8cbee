import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { ServiceAccount } from './service-account.schema.ts';

const { name, isActive, version } = ServiceAccount.shape;
const tracked = { name, isActive };

export const serviceAccountEvents = defineEvents('service_account', {
  ...lifecycle('the service account', tracked, { name }),
  created: event({
    changes: tracked,
    data: { name, version, roles: z.array(z.string()).describe('The keys of the roles that it was given.') },
    summary: ({ actor, data }) => `${actor} created the service account ${data.name}`,
  }),
});
