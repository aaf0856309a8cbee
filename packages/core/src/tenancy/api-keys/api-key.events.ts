import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { ApiKey, ApiKeyCreate } from './api-key.schema.ts';

const { name, prefix, scopes, expiresAt, isActive, version } = ApiKey.shape;
const key = { name, prefix, userId: z.uuid() };

const { created, updated } = lifecycle(
  'the API key',
  { ...ApiKeyCreate.omit({ serviceAccountId: true }).shape, isActive },
  { ...key, scopes, expiresAt },
);

export const apiKeyEvents = defineEvents('api_key', {
  created,
  updated,
  revoked: event({
    data: { ...key, version },
    summary: ({ actor, data }) => `${actor} revoked the API key ${data.name}`,
  }),
});
