import {
  ById,
  createServiceAccount,
  deleteServiceAccount,
  getServiceAccount,
  listServiceAccounts,
  page,
  ServiceAccount,
  ServiceAccountCreate,
  serviceAccountErrors,
  ServiceAccountListInput,
  ServiceAccountUpdate,
  tenancyErrors,
  updateServiceAccount,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Service accounts',
  description: 'Users that are no persons, for programs.',
  group: 'People and access',
  guide: 'api-keys',
});

const { service_account_not_found } = serviceAccountErrors;
const { role_exceeds_own, role_not_found } = tenancyErrors;

export const serviceAccountRouter = router({
  list: query({
    rest: 'GET /service-accounts',
    access: 'service_account:read',
    summary: 'List the service accounts of the organization',
    input: ServiceAccountListInput,
    output: page(ServiceAccount),
    run: listServiceAccounts,
  }),
  create: mutation({
    rest: 'POST /service-accounts',
    access: 'service_account:create',
    summary: 'Create a service account',
    description:
      'It has no password and never signs in: it acts by API keys that are made for it, and goes on when whoever made it leaves. Further roles, in a department or a team too, are assigned as to any member.',
    status: 201,
    input: ServiceAccountCreate,
    output: ServiceAccount,
    problems: [role_not_found, role_exceeds_own],
    run: createServiceAccount,
  }),
  get: query({
    rest: 'GET /service-accounts/{id}',
    access: 'service_account:read',
    summary: 'Read a service account',
    input: ById,
    output: ServiceAccount,
    problems: [service_account_not_found],
    run: getServiceAccount,
  }),
  update: mutation({
    rest: 'PATCH /service-accounts/{id}',
    access: 'service_account:update',
    summary: 'Rename a service account, stop it, or let it work again',
    description: 'Only the fields given change.',
    versioned: true,
    input: ServiceAccountUpdate,
    output: ServiceAccount,
    problems: [service_account_not_found, role_exceeds_own],
    run: updateServiceAccount,
  }),
  delete: mutation({
    rest: 'DELETE /service-accounts/{id}',
    access: 'service_account:delete',
    summary: 'End a service account for ever',
    description: 'Its roles and its API keys go with it. What it did keeps naming it.',
    versioned: true,
    input: ById,
    problems: [service_account_not_found, role_exceeds_own, tenancyErrors.last_owner],
    run: deleteServiceAccount,
  }),
});
