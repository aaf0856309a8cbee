import { z } from 'zod';
import { defineRecord } from '../../records/index.ts';
import { identityProviderTable } from './identity-provider.entity.ts';
import { identityProviderErrors } from './identity-provider.errors.ts';
import { identityProviderEvents } from './identity-provider.events.ts';
import { IdentityProvider } from './identity-provider.schema.ts';

/**
 * The rows alone, with the sealed client secret: `providerFrom` makes the shape of the wire. Always name the organization in a
 * key, because behind the identity door there is no wall.
 */
export const identityProviders = defineRecord(identityProviderTable, {
  output: IdentityProvider.omit({
    hasClientSecret: true,
    roleMappings: true,
    redirectUri: true,
    backchannelLogoutUri: true,
  }).extend({ clientSecret: z.string().nullable() }),
  people: { createdBy: 'createdById' },
  events: identityProviderEvents,
  missing: identityProviderErrors.identity_provider_not_found,
});
