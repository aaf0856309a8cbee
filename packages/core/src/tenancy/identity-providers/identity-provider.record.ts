import { defineErrors, notFound } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { identityProviderTable } from './identity-provider.entity.ts';
import { identityProviderEvents } from './identity-provider.events.ts';
import { IdentityProvider } from './identity-provider.schema.ts';

export const identityProviderErrors = defineErrors({
  identity_provider_not_found: notFound('identity provider'),
  oidc_no_membership: {
    kind: 'forbidden',
    message: 'You are no active member of this organization: ask one of its administrators.',
    cause:
      'You signed in at an identity provider of the organization, and you are not an active member of it. The provider does not create members.',
    remedy: 'Ask an administrator of the organization for an invitation.',
  },
  oidc_no_role: {
    kind: 'forbidden',
    message:
      'Nothing that the issuer says of you gives you a role in this organization: ask one of its administrators.',
    cause: 'The identity provider gives roles by its claims, and none of yours is mapped to a role.',
    remedy: 'Ask an administrator of the organization to map one of your claims to a role, or to set a default role.',
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
