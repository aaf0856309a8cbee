import { defineErrors } from '../../kernel/errors.ts';

export const oidcErrors = defineErrors({
  oidc_issuer_not_found: {
    kind: 'not_found',
    message: 'There is no such issuer to sign in at.',
    cause: 'No identity provider with this id is set up on this server, or it is not enabled.',
    remedy: 'List the issuers with `GET /api/v1/auth/oidc`, and use one of their ids.',
  },
  oidc_state_invalid: {
    kind: 'validation',
    message:
      'This sign-in was not begun by this client, was finished already, or took longer than 10 minutes: begin again.',
    cause:
      '`state` belongs to no sign-in that this client has begun and not finished, or the sign-in took longer than 10 minutes.',
    remedy: 'Begin the sign-in again, and finish it in the same browser or with the same binding.',
  },
  oidc_rejected: {
    kind: 'unauthenticated',
    message: 'The issuer did not sign you in, or its answer is not valid: begin again.',
    cause: 'The issuer refused the sign-in, or its answer failed a check.',
    remedy: 'Begin the sign-in again. If it fails again, an operator finds the reason in the logs of the server.',
  },
  oidc_issuer_unavailable: {
    kind: 'unavailable',
    message: 'The issuer cannot be reached. Try again in a moment.',
    cause: 'The server could not reach the issuer, or the issuer answered too late.',
    remedy: 'Try again in a moment, or sign in another way.',
  },
  oidc_email_not_verified: {
    kind: 'forbidden',
    message: 'The issuer does not say that your e-mail address is verified: verify it there first.',
    cause: 'The issuer does not say that your e-mail address is verified, and only verified addresses can sign in.',
    remedy: 'Verify your address at the issuer, and begin again.',
  },
  oidc_account_exists: {
    kind: 'conflict',
    message:
      'There is an account with this e-mail address, and its owner has not verified the address: sign in with its password, or verify its address first.',
    cause:
      'An account with the same e-mail address exists, and its address has not been verified, so it may belong to somebody else.',
    remedy: 'Sign in to that account with its password, verify its address, and link the identity afterwards.',
  },
  oidc_identity_taken: {
    kind: 'conflict',
    message: 'Your identity at this issuer is linked to another account: unlink it there first.',
    cause: 'Your identity at this issuer is linked to another account.',
    remedy: 'Sign in to the other account, and unlink the identity there.',
  },
  oidc_identity_disabled: {
    kind: 'forbidden',
    message:
      'This identity is disabled, because a change of your address was undone that came before it: sign in otherwise, and link it again.',
    cause:
      "A change of the account's e-mail address was undone, which disabled the identities that were linked before.",
    remedy: 'Sign in another way, and link the identity again.',
  },
  oidc_identity_not_found: {
    kind: 'not_found',
    message: 'There is no such identity, or it is not yours.',
    cause: 'You have no linked identity with this id.',
    remedy: 'List your identities with `GET /api/v1/auth/oidc/identities`.',
  },
  last_sign_in: {
    kind: 'conflict',
    message: 'Without this identity you could no longer sign in: set a password or register a passkey first.',
    cause: 'The account has no password, no passkey and no other identity, so nobody could sign in to it afterwards.',
    remedy: 'Set a password or register a passkey first.',
  },
  user_inactive: {
    kind: 'forbidden',
    message: 'This account is not active: ask an administrator of this installation.',
    cause: 'An administrator of this installation has deactivated the account.',
    remedy: 'Ask an administrator of this installation to activate it.',
  },
  logout_token_invalid: {
    kind: 'validation',
    message: 'The logout token is not valid.',
    cause:
      'The logout token that an issuer sent is not signed by it, is not meant for this server, is too old, or was used before.',
    remedy:
      'The issuer must send a new token. Operators check the issuer and the client id in the settings, and the clocks of both servers.',
  },
});
