import type { JobHandlers, Schedule } from '../jobs/index.ts';
import { recordExpired } from './invitations/invitation.expiry.ts';
import { purgeOrganizations } from './organizations/organization.purge.ts';

export const tenancyHandlers: JobHandlers = {
  'invitations.expire': (_ctx, _payload, job) => job.complete(async (unit) => ({ expired: await recordExpired(unit) })),
  'organizations.purge': (ctx, _payload, job) => purgeOrganizations(ctx, job),
};

export const tenancySchedules: readonly Schedule[] = [
  { name: 'invitations.expire', cron: '5 * * * *', kind: 'invitations.expire' },
  { name: 'organizations.purge', cron: '50 * * * *', kind: 'organizations.purge' },
];
