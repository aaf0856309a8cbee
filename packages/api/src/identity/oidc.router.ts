import {
  errors,
  finishOidc,
  listOidcIssuers,
  logoutOidc,
  OidcFinish,
  OidcIssuerList,
  OidcLoggedOut,
  OidcLogout,
  oidcErrors,
  OidcStart,
  OidcStarted,
  SignedIn,
  startOidc,
} from '@tenon/core';
import { query, restMutation } from '../trpc.ts';
import { oidcTag } from './oidc.document.ts';

const tags = [oidcTag];

const {
  oidc_issuer_not_found,
  oidc_issuer_unavailable,
  oidc_state_invalid,
  oidc_rejected,
  oidc_email_not_verified,
  oidc_account_exists,
  user_inactive,
} = oidcErrors;

/** Part of `auth`. */
export const oidcOperations = {
  listOidcIssuers: query({
    rest: 'GET /auth/oidc',
    access: 'public',
    tags,
    summary: 'List where to sign in',
    output: OidcIssuerList,
    run: listOidcIssuers,
  }),
  startOidc: restMutation({
    rest: 'POST /auth/oidc/start',
    access: 'public',
    tags,
    summary: 'Begin to sign in at an issuer',
    description:
      'Send the browser to `authorizationUrl`. It comes back to `redirectTo`: signed in by the refresh cookie, so that `auth.refresh` answers an access token, or with `error`, the code of a problem. With `tokenTransport: "body"` it comes back with `code` and `state` for `auth.finishOidc` instead.',
    input: OidcStart,
    output: OidcStarted,
    problems: [oidc_issuer_not_found, oidc_issuer_unavailable, errors.rate_limited],
    run: startOidc,
  }),
  finishOidc: restMutation({
    rest: 'POST /auth/oidc/finish',
    access: 'public',
    tags,
    summary: 'Finish to sign in at an issuer',
    description: 'For clients that began with `tokenTransport: "body"`. The answer is that of `auth.login`.',
    input: OidcFinish,
    output: SignedIn,
    problems: [
      oidc_state_invalid,
      oidc_rejected,
      oidc_issuer_not_found,
      oidc_issuer_unavailable,
      oidc_email_not_verified,
      oidc_account_exists,
      user_inactive,
    ],
    run: finishOidc,
  }),
  logoutOidc: restMutation({
    rest: 'POST /auth/oidc/logout',
    access: 'public',
    refreshCookie: true,
    tags,
    summary: 'Sign out, here and at the issuer',
    description:
      'Ends the session as `auth.logout` does. Send the browser to `logoutUrl` to end the one at the issuer too.',
    input: OidcLogout,
    output: OidcLoggedOut,
    run: logoutOidc,
  }),
};
