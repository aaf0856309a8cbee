import {
  ApiKey,
  ApiKeyCreate,
  ApiKeyCreated,
  apiKeyErrors,
  ApiKeyListInput,
  ApiKeyUpdate,
  ById,
  createApiKey,
  deleteApiKey,
  errors,
  getApiKey,
  listApiKeys,
  page,
  serviceAccountErrors,
  updateApiKey,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'API keys',
  description: 'What programs sign their requests with, in one organization.',
  group: 'People and access',
  guide: 'api-keys',
});

const { api_key_not_found, scope_exceeds_own } = apiKeyErrors;

export const apiKeyRouter = router({
  list: query({
    rest: 'GET /api-keys',
    access: 'api_key:read',
    summary: 'List the API keys of the organization',
    description: 'Whoever made them. No answer but that of creating one holds a key itself.',
    input: ApiKeyListInput,
    output: page(ApiKey),
    run: listApiKeys,
  }),
  create: mutation({
    rest: 'POST /api-keys',
    access: 'api_key:create',
    apiKey: false,
    summary: 'Create an API key of your own, or of a service account',
    description:
      'It acts as you or as the service account, in this organization alone, with what the roles allow at each moment and its scopes leave of it. The answer shows the key once: `secret` goes into the header `X-API-Key`.',
    status: 201,
    secretAnswer: true,
    input: ApiKeyCreate,
    output: ApiKeyCreated,
    problems: [serviceAccountErrors.service_account_not_found, scope_exceeds_own, errors.limit_exceeded],
    run: createApiKey,
  }),
  get: query({
    rest: 'GET /api-keys/{id}',
    access: 'api_key:read',
    summary: 'Read an API key',
    input: ById,
    output: ApiKey,
    problems: [api_key_not_found],
    run: getApiKey,
  }),
  update: mutation({
    rest: 'PATCH /api-keys/{id}',
    access: 'api_key:update',
    apiKey: false,
    summary: 'Rename an API key, stop it, or let it work again',
    description: 'Only the fields given change. What a key may do never changes: make another.',
    versioned: true,
    input: ApiKeyUpdate,
    output: ApiKey,
    problems: [api_key_not_found, scope_exceeds_own],
    run: updateApiKey,
  }),
  delete: mutation({
    rest: 'DELETE /api-keys/{id}',
    access: 'api_key:delete',
    apiKey: false,
    summary: 'Revoke an API key for ever',
    description: 'It stops working within 5 seconds everywhere.',
    versioned: true,
    input: ById,
    problems: [api_key_not_found],
    run: deleteApiKey,
  }),
});
