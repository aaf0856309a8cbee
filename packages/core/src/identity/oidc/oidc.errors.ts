import { defineErrors } from '../../kernel/errors.ts';

export const oidcErrors = defineErrors({
  oidc_issuer_not_found: { kind: 'not_found', message: 'There is no such issuer to sign in at.' },
  oidc_state_invalid: {
    kind: 'validation',
    message:
      'This sign-in was not begun by this client, was finished already, or took longer than 10 minutes: begin again.',
  },
  oidc_rejected: {
    kind: 'unauthenticated',
    message: 'The issuer did not sign you in, or its answer is not valid: begin again.',
  },
  oidc_issuer_unavailable: { kind: 'unavailable', message: 'The issuer cannot be reached. Try again in a moment.' },
  oidc_email_not_verified: {
    kind: 'forbidden',
    message: 'The issuer does not say that your e-mail address is verified: verify it there first.',
  },
  oidc_account_exists: {
    kind: 'conflict',
    message:
      'There is an account with this e-mail address, and its owner has not verified the address: sign in with its password, or verify its address first.',
  },
  oidc_identity_taken: {
    kind: 'conflict',
    message: 'Your identity at this issuer is linked to another account: unlink it there first.',
  },
  oidc_identity_disabled: {
    kind: 'forbidden',
    message:
      'This identity is disabled, because a change of your address was undone that came before it: sign in otherwise, and link it again.',
  },
  oidc_identity_not_found: { kind: 'not_found', message: 'There is no such identity, or it is not yours.' },
  last_sign_in: {
    kind: 'conflict',
    message: 'Without this identity you could no longer sign in: set a password or register a passkey first.',
  },
  user_inactive: {
    kind: 'forbidden',
    message: 'This account is not active: ask an administrator of this installation.',
  },
  logout_token_invalid: { kind: 'validation', message: 'The logout token is not valid.' },
});
