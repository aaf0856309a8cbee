import {
  errors,
  finishOidc,
  finishOidcLink,
  identityProviderErrors,
  linkOidc,
  listOidcIdentities,
  listOidcIssuers,
  logoutOidc,
  OidcFinish,
  OidcIdentityId,
  OidcIdentityListInput,
  OidcIdentityPage,
  OidcIssuerList,
  OidcIssuerListInput,
  OidcLink,
  OidcLinked,
  OidcLoggedOut,
  OidcLogout,
  oidcErrors,
  OidcStart,
  OidcStarted,
  proofErrors,
  SignedIn,
  startOidc,
  unlinkOidcIdentity,
} from '@tenon/core';
import { mutation, query, restMutation, router } from '../trpc.ts';
import { oidcTag } from './oidc.document.ts';

const tags = [oidcTag];

const {
  oidc_issuer_not_found,
  oidc_issuer_unavailable,
  oidc_state_invalid,
  oidc_rejected,
  oidc_email_not_verified,
  oidc_account_exists,
  oidc_identity_taken,
  oidc_identity_not_found,
  last_sign_in,
  user_inactive,
} = oidcErrors;
const { oidc_no_membership, oidc_no_role } = identityProviderErrors;

/** Part of `auth`. */
export const oidcOperations = {
  listOidcIssuers: query({
    rest: 'GET /auth/oidc',
    access: 'public',
    tags,
    summary: 'List where to sign in',
    description: 'The issuers of the installation, and with `organization` those that this organization has chosen.',
    input: OidcIssuerListInput,
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
      oidc_no_membership,
      oidc_no_role,
      errors.limit_exceeded,
    ],
    run: finishOidc,
  }),
  linkOidc: restMutation({
    rest: 'POST /auth/oidc/link',
    access: 'user',
    tags,
    summary: 'Begin to link who you are at an issuer',
    description:
      'Goes as auth.startOidc does; what comes back signs nobody in, but makes your account the one that signs in so. With `tokenTransport: "body"` finish with auth.finishOidcLink. Needs the password or a code of the app; who has neither must have signed in within the last ten minutes.',
    input: OidcLink,
    output: OidcStarted,
    problems: [proofErrors.identity_not_proven, oidc_issuer_not_found, oidc_issuer_unavailable],
    run: linkOidc,
  }),
  finishOidcLink: mutation({
    rest: 'POST /auth/oidc/link/finish',
    access: 'user',
    tags,
    summary: 'Finish to link who you are at an issuer',
    description: 'For the session that began with `tokenTransport: "body"`.',
    mutationHeaders: false,
    input: OidcFinish,
    output: OidcLinked,
    problems: [oidc_state_invalid, oidc_rejected, oidc_issuer_not_found, oidc_issuer_unavailable, oidc_identity_taken],
    run: finishOidcLink,
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

export const oidcIdentityRouter = router({
  list: query({
    rest: 'GET /auth/oidc/identities',
    access: 'user',
    tags,
    summary: 'List who you are at issuers',
    input: OidcIdentityListInput,
    output: OidcIdentityPage,
    run: listOidcIdentities,
  }),
  unlink: mutation({
    rest: 'DELETE /auth/oidc/identities/{id}',
    access: 'user',
    tags,
    summary: 'Unlink who you are at an issuer',
    description:
      'You sign in by it no more, and the other sessions that began so end. Another way to sign in must be left.',
    input: OidcIdentityId,
    problems: [oidc_identity_not_found, last_sign_in],
    run: unlinkOidcIdentity,
  }),
});
