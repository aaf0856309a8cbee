import {
  challengeErrors,
  CurrentAccess,
  errors,
  getCurrentAccess,
  Login,
  login,
  loginErrors,
  Logout,
  logout,
  LogoutAll,
  logoutAll,
  MailSent,
  passkeyErrors,
  Refresh,
  refresh,
  Register,
  register,
  Registered,
  ResendVerification,
  resendVerification,
  secondFactorErrors,
  SecondFactorVerify,
  SessionsEnded,
  SignedIn,
  userErrors,
  VerifiedEmail,
  VerifyEmail,
  verifyEmail,
  verifySecondFactor,
} from '@tenon/core';
import { mutation, query, restMutation, router } from '../trpc.ts';
import { passkeyOperations } from './passkey.router.ts';
import { secondFactorOperations } from './second-factor.router.ts';

const authentication = { name: 'Authentication', description: 'Signing up, in and out.' };

const { email_taken, username_taken } = userErrors;
const { invalid_credentials, email_not_verified } = loginErrors;
const { second_factor_required, second_factor_failed } = secondFactorErrors;

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
      'Give exactly one of `login`, `email` and `username`. The refresh token is set as a cookie, unless `tokenTransport` asks for it in the body. Who has set up a second factor is answered 403 `second_factor_required` with a `challenge`, to be finished by auth.verifySecondFactor.',
    input: Login,
    output: SignedIn,
    problems: [invalid_credentials, email_not_verified, second_factor_required],
    run: login,
  }),
  verifySecondFactor: restMutation({
    rest: 'POST /auth/second-factor',
    access: 'public',
    tags: [authentication],
    summary: 'Finish signing in with a second factor',
    description:
      'Answers what auth.login answers. A challenge ends with its answer, after five wrong ones, or after five minutes.',
    input: SecondFactorVerify,
    output: SignedIn,
    problems: [
      challengeErrors.invalid_challenge,
      second_factor_failed,
      passkeyErrors.passkey_failed,
      invalid_credentials,
      email_not_verified,
    ],
    run: verifySecondFactor,
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
  logoutAll: mutation({
    rest: 'POST /auth/logout-all',
    access: 'user',
    tags: [authentication],
    summary: 'Sign out everywhere',
    description: 'With `keepCurrent` everywhere else.',
    mutationHeaders,
    input: LogoutAll,
    output: SessionsEnded,
    run: logoutAll,
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
  ...secondFactorOperations,
  ...passkeyOperations,
});
