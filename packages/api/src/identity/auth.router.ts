import {
  AcceptInvitation,
  CurrentAccess,
  errors,
  getCurrentAccess,
  InvitedRegistered,
  Login,
  login,
  loginErrors,
  Logout,
  logout,
  MailSent,
  Refresh,
  refresh,
  Register,
  register,
  Registered,
  registerInvited,
  ResendVerification,
  resendVerification,
  SignedIn,
  tenancyErrors,
  userErrors,
  VerifiedEmail,
  VerifyEmail,
  verifyEmail,
} from '@tenon/core';
import { mutation, query, restMutation, router } from '../trpc.ts';

const authentication = { name: 'Authentication', description: 'Signing up, in and out.' };

const { email_taken, username_taken } = userErrors;
const { invitation_not_pending, organization_inactive } = tenancyErrors;
const { invalid_credentials, email_not_verified } = loginErrors;

/** Signing in is not repeated by a key, tried, or bound to a version. */
const mutationHeaders = false;

export const authRouter = router({
  register: mutation({
    rest: 'POST /auth/register',
    access: 'public',
    tags: [authentication],
    summary: 'Register',
    description:
      'With `organizationName` an organization is created that the person owns. A mail with a token to verify the address follows.',
    status: 201,
    mutationHeaders,
    input: Register,
    output: Registered,
    location: () => '/users/me',
    problems: [email_taken, username_taken],
    run: register,
  }),
  acceptInvitation: mutation({
    rest: 'POST /auth/accept-invitation',
    access: 'public',
    tags: [authentication],
    summary: 'Register and accept an invitation',
    description:
      'For who has no account yet. The token of the mail proves the address. With an account, sign in and accept with `invitations.accept`.',
    status: 201,
    mutationHeaders,
    input: AcceptInvitation,
    output: InvitedRegistered,
    location: () => '/users/me',
    problems: [invitation_not_pending, organization_inactive, email_taken, username_taken, errors.limit_exceeded],
    run: registerInvited,
  }),
  verifyEmail: mutation({
    rest: 'POST /auth/verify-email',
    access: 'public',
    tags: [authentication],
    summary: 'Verify an e-mail address',
    mutationHeaders,
    input: VerifyEmail,
    output: VerifiedEmail,
    run: verifyEmail,
  }),
  resendVerification: mutation({
    rest: 'POST /auth/resend-verification',
    access: 'public',
    tags: [authentication],
    summary: 'Send the verification mail again',
    description: 'The answer is the same for every address.',
    status: 202,
    mutationHeaders,
    input: ResendVerification,
    output: MailSent,
    run: resendVerification,
  }),
  login: restMutation({
    rest: 'POST /auth/login',
    access: 'public',
    tags: [authentication],
    summary: 'Sign in',
    description:
      'Give exactly one of `login`, `email` and `username`. The refresh token is set as a cookie, unless `tokenTransport` asks for it in the body.',
    input: Login,
    output: SignedIn,
    problems: [invalid_credentials, email_not_verified],
    run: login,
  }),
  refresh: restMutation({
    rest: 'POST /auth/refresh',
    access: 'public',
    refreshCookie: true,
    tags: [authentication],
    summary: 'Get new tokens',
    description:
      'Each refresh token is good for one refresh. For 10 seconds it answers the same successor again; after that, using it ends the session.',
    input: Refresh,
    output: SignedIn,
    problems: [errors.unauthenticated],
    run: refresh,
  }),
  logout: restMutation({
    rest: 'POST /auth/logout',
    access: 'public',
    refreshCookie: true,
    tags: [authentication],
    summary: 'Sign out',
    input: Logout,
    run: logout,
  }),
  me: query({
    rest: 'GET /auth/me',
    access: 'user',
    organization: 'optional',
    tags: [authentication],
    summary: 'Read who you are here, and what you may do',
    output: CurrentAccess,
    run: getCurrentAccess,
  }),
});
