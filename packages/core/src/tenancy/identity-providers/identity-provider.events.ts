import { z } from 'zod';
import { defineEvents, event } from '../../activity/index.ts';
import { IdentityProvider, IdentityProviderCreate } from './identity-provider.schema.ts';

const { label, issuer, hasClientSecret, version } = IdentityProvider.shape;
const tracked = { ...IdentityProviderCreate.omit({ clientSecret: true }).shape, hasClientSecret };

export const identityProviderEvents = defineEvents('identity_provider', {
  created: event({
    changes: tracked,
    data: IdentityProvider.omit({
      id: true,
      redirectUri: true,
      backchannelLogoutUri: true,
      createdBy: true,
      createdAt: true,
      updatedAt: true,
    }).shape,
    summary: ({ actor, data }) => `${actor} created the identity provider ${data.label}`,
  }),
  updated: event({
    changes: tracked,
    data: {
      label,
      version,
      clientSecretReplaced: z
        .literal(true)
        .optional()
        .describe('Present when the client secret was replaced or removed.'),
    },
    summary({ actor, changes, data }) {
      const fields = [...Object.keys(changes), ...(data.clientSecretReplaced ? ['clientSecret'] : [])];
      return `${actor} changed ${fields.join(', ')} of the identity provider ${data.label}`;
    },
  }),
  deleted: event({
    data: { label, issuer, version },
    summary: ({ actor, data }) => `${actor} deleted the identity provider ${data.label}`,
  }),
});
