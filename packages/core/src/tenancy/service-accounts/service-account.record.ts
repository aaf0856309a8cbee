import { defineErrors, notFound } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { membershipTable } from '../memberships/membership.entity.ts';
import { serviceAccountEvents } from './service-account.events.ts';
import { ServiceAccount } from './service-account.schema.ts';

export const serviceAccountErrors = defineErrors({
  service_account_not_found: notFound('service account'),
});

/** The membership of a service account: its row carries the version of the service account, and its status. */
export const serviceAccounts = defineRecord(membershipTable, {
  output: ServiceAccount.pick({ createdAt: true, version: true }),
  events: serviceAccountEvents,
  missing: serviceAccountErrors.service_account_not_found,
});
