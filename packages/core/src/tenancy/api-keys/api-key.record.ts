import { defineErrors, notFound } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { apiKeyTable } from './api-key.entity.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { ApiKey } from './api-key.schema.ts';

export const apiKeyErrors = defineErrors({
  api_key_not_found: notFound('API key'),
  api_key_refused: {
    kind: 'forbidden',
    message: 'An API key does not do this: it is for the person who is signed in.',
    cause: 'The operation concerns the account of a person, and was called with an API key.',
    remedy: 'Call it with an access token of the person.',
  },
  scope_exceeds_own: {
    kind: 'forbidden',
    message: 'Nobody makes or enables an API key that may do more than they may do themselves.',
    cause: 'The API key would have a scope that its maker does not have.',
    remedy: 'Leave out the scopes that you do not have, or ask somebody whose roles include them.',
  },
});

export const apiKeys = defineRecord(apiKeyTable, {
  output: ApiKey,
  people: { user: 'userId', createdBy: 'createdById' },
  events: { created: apiKeyEvents.created, updated: apiKeyEvents.updated, deleted: apiKeyEvents.revoked },
  missing: apiKeyErrors.api_key_not_found,
});
