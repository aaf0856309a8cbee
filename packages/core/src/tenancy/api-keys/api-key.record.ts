import { defineRecord } from '../../records/index.ts';
import { apiKeyTable } from './api-key.entity.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import { apiKeyEvents } from './api-key.events.ts';
import { ApiKey } from './api-key.schema.ts';

export const apiKeys = defineRecord(apiKeyTable, {
  output: ApiKey,
  people: { user: 'userId', createdBy: 'createdById' },
  events: { created: apiKeyEvents.created, updated: apiKeyEvents.updated, deleted: apiKeyEvents.revoked },
  missing: apiKeyErrors.api_key_not_found,
});
