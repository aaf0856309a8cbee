import {
  ById,
  createIdentityProvider,
  deleteIdentityProvider,
  errors,
  getIdentityProvider,
  IdentityProvider,
  IdentityProviderCreate,
  identityProviderErrors,
  IdentityProviderListInput,
  IdentityProviderUpdate,
  listIdentityProviders,
  page,
  tenancyErrors,
  updateIdentityProvider,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Identity providers',
  description: 'OpenID Connect issuers at which an organization has its people sign in.',
  group: 'Signing in',
  guide: 'oidc#an-organizations-own-issuer',
});

const { identity_provider_not_found } = identityProviderErrors;
const { role_not_found, role_exceeds_own } = tenancyErrors;

export const identityProviderRouter = router({
  list: query({
    rest: 'GET /identity-providers',
    access: 'identity_provider:read',
    summary: 'List the issuers of the organization',
    input: IdentityProviderListInput,
    output: page(IdentityProvider),
    run: listIdentityProviders,
  }),
  create: mutation({
    rest: 'POST /identity-providers',
    access: 'identity_provider:manage',
    apiKey: false,
    summary: 'Have people sign in at an issuer of your own',
    description:
      'Register `redirectUri` of the answer there. Who signs in there acts in this organization alone, and does nothing to their account.',
    status: 201,
    input: IdentityProviderCreate,
    output: IdentityProvider,
    problems: [role_not_found, role_exceeds_own, errors.limit_exceeded],
    run: createIdentityProvider,
  }),
  get: query({
    rest: 'GET /identity-providers/{id}',
    access: 'identity_provider:read',
    summary: 'Read an issuer of the organization',
    input: ById,
    output: IdentityProvider,
    problems: [identity_provider_not_found],
    run: getIdentityProvider,
  }),
  update: mutation({
    rest: 'PATCH /identity-providers/{id}',
    access: 'identity_provider:manage',
    apiKey: false,
    summary: 'Change an issuer of the organization',
    description:
      'Only the fields given change. When it is disabled, or another `issuer` is given, the sessions that began there end within 5 seconds everywhere.',
    versioned: true,
    input: IdentityProviderUpdate,
    output: IdentityProvider,
    problems: [identity_provider_not_found, role_not_found, role_exceeds_own, errors.limit_exceeded],
    run: updateIdentityProvider,
  }),
  delete: mutation({
    rest: 'DELETE /identity-providers/{id}',
    access: 'identity_provider:manage',
    apiKey: false,
    summary: 'Remove an issuer of the organization',
    description: 'The sessions that began there end within 5 seconds everywhere.',
    versioned: true,
    input: ById,
    problems: [identity_provider_not_found],
    run: deleteIdentityProvider,
  }),
});
