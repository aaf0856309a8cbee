import { defineErrors } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { identityProviderTable } from './identity-provider.entity.ts';
import { identityProviderEvents } from './identity-provider.events.ts';
import { IdentityProvider } from './identity-provider.schema.ts';

export const identityProviderErrors = defineErrors({
  identity_provider_not_found: { kind: 'not_found', message: 'There is no such identity provider.' },
  oidc_no_membership: {
    kind: 'forbidden',
    message: 'You are no active member of this organization: ask one of its administrators.',
  },
  oidc_no_role: {
    kind: 'forbidden',
    message:
      'Nothing that the issuer says of you gives you a role in this organization: ask one of its administrators.',
  },
});

/**
 * `showProviders` adds the fields that are not columns. Always name the organization in a key, because behind the identity door
 * there is no wall.
 */
export const identityProviders = defineRecord(identityProviderTable, {
  output: IdentityProvider,
  people: { createdBy: 'createdById' },
  events: identityProviderEvents,
  missing: identityProviderErrors.identity_provider_not_found,
});
