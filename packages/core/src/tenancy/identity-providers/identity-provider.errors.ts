import { defineErrors } from '../../kernel/errors.ts';

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
