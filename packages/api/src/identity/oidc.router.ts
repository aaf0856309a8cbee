import {
  answerOidc,
  ById,
  endOidcSessions,
  errors,
  finishOidc,
  finishOidcLink,
  identityProviderErrors,
  linkOidc,
  listOidcIdentities,
  listOidcIssuers,
  logoutOidc,
  OidcBackChannelLogout,
  OidcCallback,
  oidcErrors,
  OidcFinish,
  OidcIdentity,
  OidcIdentityListInput,
  OidcIssuerList,
  OidcIssuerListInput,
  OidcLink,
  OidcLinked,
  OidcLoggedOut,
  OidcLogout,
  OidcProviderBackChannelLogout,
  OidcProviderCallback,
  OidcStart,
  OidcStarted,
  page,
  proofErrors,
  SignedIn,
  startOidc,
  unlinkOidcIdentity,
  userErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { form, mutation, query, redirect, restMutation } = heading({
  name: 'OpenID Connect',
  description: 'Signing in and out at an issuer of identities.',
  group: 'Signing in',
  guide: 'oidc',
});

const {
  oidc_issuer_not_found,
  oidc_issuer_unavailable,
  oidc_state_invalid,
  oidc_rejected,
  oidc_email_not_verified,
  oidc_account_exists,
  oidc_identity_disabled,
  oidc_identity_taken,
  oidc_identity_not_found,
  last_sign_in,
  user_inactive,
  logout_token_invalid,
} = oidcErrors;
const { oidc_no_membership, oidc_no_role } = identityProviderErrors;
const { sign_up_closed } = userErrors;

const callback =
  'The redirect URI to register at the issuer. The browser goes on to the `redirectTo` with which the sign-in began. Other parameters are ignored.';

const backChannelLogout =
  'The back-channel logout URI to register at the issuer (OpenID Connect Back-Channel Logout 1.0).';

/** Part of the `auth` router. */
export const oidcOperations = {
  listOidcIssuers: query({
    rest: 'GET /auth/oidc',
    access: 'public',
    summary: 'List where to sign in',
    description: 'The issuers of the installation, and with `organization` those that this organization has chosen.',
    input: OidcIssuerListInput,
    output: OidcIssuerList,
    run: listOidcIssuers,
  }),
  startOidc: restMutation({
    rest: 'POST /auth/oidc/start',
    access: 'public',
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
      sign_up_closed,
      oidc_identity_disabled,
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
    summary: 'Sign out, here and at the issuer',
    description:
      'Ends the session as `auth.logout` does. Send the browser to `logoutUrl` to end the one at the issuer too.',
    input: OidcLogout,
    output: OidcLoggedOut,
    run: logoutOidc,
  }),
  oidcCallback: redirect({
    rest: 'GET /auth/oidc/callback',
    access: 'public',
    summary: 'Come back from an issuer',
    description: callback,
    input: OidcCallback,
    problems: [oidc_state_invalid],
    run: (ctx, answer, transport) => answerOidc(ctx, answer, transport),
  }),
  oidcProviderCallback: redirect({
    rest: 'GET /auth/oidc/callback/{provider}',
    access: 'public',
    summary: 'Come back from an issuer of an organization',
    description: callback,
    input: OidcProviderCallback,
    problems: [oidc_state_invalid],
    run: (ctx, { provider, ...answer }, transport) => answerOidc(ctx, answer, transport, provider),
  }),
  oidcBackChannelLogout: form({
    rest: 'POST /auth/oidc/backchannel-logout',
    access: 'public',
    summary: 'End sessions that ended at their issuer',
    description: backChannelLogout,
    status: 200,
    input: OidcBackChannelLogout,
    problems: [logout_token_invalid, oidc_issuer_unavailable],
    run: (ctx, { logout_token }) => endOidcSessions(ctx, logout_token),
  }),
  oidcProviderBackChannelLogout: form({
    rest: 'POST /auth/oidc/backchannel-logout/{provider}',
    access: 'public',
    summary: 'End sessions that ended at their issuer of an organization',
    description: backChannelLogout,
    status: 200,
    input: OidcProviderBackChannelLogout,
    problems: [logout_token_invalid, oidc_issuer_unavailable],
    run: (ctx, { logout_token, provider }) => endOidcSessions(ctx, logout_token, provider),
  }),
};

export const oidcIdentityRouter = router({
  list: query({
    rest: 'GET /auth/oidc/identities',
    access: 'user',
    summary: 'List who you are at issuers',
    input: OidcIdentityListInput,
    output: page(OidcIdentity),
    run: listOidcIdentities,
  }),
  unlink: mutation({
    rest: 'DELETE /auth/oidc/identities/{id}',
    access: 'user',
    summary: 'Unlink who you are at an issuer',
    description:
      'You sign in by it no more, and the other sessions that began so end. Another way to sign in must be left.',
    input: ById,
    problems: [oidc_identity_not_found, last_sign_in],
    run: unlinkOidcIdentity,
  }),
});
