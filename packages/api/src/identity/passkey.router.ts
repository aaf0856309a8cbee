import {
  addPasskey,
  ById,
  challengeErrors,
  deletePasskey,
  enablePasskey,
  getPasskey,
  listPasskeys,
  loginErrors,
  page,
  Passkey,
  PasskeyAdd,
  PasskeyEnable,
  passkeyErrors,
  PasskeyListInput,
  PasskeySignIn,
  PasskeySignInStart,
  PasskeySignInStarted,
  PasskeyStart,
  PasskeyStarted,
  PasskeyUpdate,
  proofErrors,
  SignedIn,
  signInWithPasskey,
  startPasskey,
  startPasskeySignIn,
  updatePasskey,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query, restMutation } = heading({
  name: 'Passkeys',
  description: 'Keys on devices, by which one signs in without a password.',
  group: 'Signing in',
  guide: 'second-factor#passkeys',
});

const { passkey_not_found, passkey_taken, too_many_passkeys, passkey_failed } = passkeyErrors;
const { invalid_challenge } = challengeErrors;

/** Each of these operations answers a challenge that is valid once, so an Idempotency-Key or a Dry-Run has no use. */
const mutationHeaders = false;

/** Part of the `auth` router. */
export const passkeyOperations = {
  startPasskey: mutation({
    rest: 'POST /auth/passkeys/start',
    access: 'user',
    summary: 'Begin to register a passkey',
    description:
      'Give `options` to the browser, then send what it answers to auth.addPasskey. Needs the password or a code of the app; who has neither must have signed in within the last ten minutes.',
    mutationHeaders,
    input: PasskeyStart,
    output: PasskeyStarted,
    problems: [proofErrors.identity_not_proven, too_many_passkeys],
    run: startPasskey,
  }),
  addPasskey: mutation({
    rest: 'POST /auth/passkeys',
    access: 'user',
    summary: 'Register a passkey',
    status: 201,
    mutationHeaders,
    input: PasskeyAdd,
    output: Passkey,
    location: ({ id }) => `/users/me/passkeys/${id}`,
    problems: [invalid_challenge, passkey_taken, too_many_passkeys],
    run: addPasskey,
  }),
  enablePasskey: mutation({
    rest: 'POST /auth/passkeys/{passkeyId}/enable',
    access: 'user',
    summary: 'Enable one of your own passkeys again',
    description:
      'A passkey is disabled when a change of your address is undone that came before it. Needs the password or a code of the app; who has neither must have signed in within the last ten minutes.',
    mutationHeaders,
    input: PasskeyEnable,
    output: Passkey,
    problems: [proofErrors.identity_not_proven, passkey_not_found],
    run: enablePasskey,
  }),
  startPasskeySignIn: mutation({
    rest: 'POST /auth/passkeys/sign-in/start',
    access: 'public',
    summary: 'Begin to sign in by a passkey',
    description:
      'Give `options` to the browser, then send what it answers to auth.signInWithPasskey; or, begun with the challenge of a login that asks for a second factor, as `passkey` to auth.verifySecondFactor.',
    mutationHeaders,
    input: PasskeySignInStart,
    output: PasskeySignInStarted,
    problems: [invalid_challenge],
    run: startPasskeySignIn,
  }),
  signInWithPasskey: restMutation({
    rest: 'POST /auth/passkeys/sign-in',
    access: 'public',
    summary: 'Sign in by a passkey',
    description:
      'Without a password, and without a second factor: a passkey verifies its user. Answers what auth.login answers.',
    input: PasskeySignIn,
    output: SignedIn,
    problems: [invalid_challenge, passkey_failed, loginErrors.email_not_verified],
    run: signInWithPasskey,
  }),
};

export const passkeyRouter = router({
  list: query({
    rest: 'GET /users/me/passkeys',
    access: 'user',
    summary: 'List your own passkeys',
    input: PasskeyListInput,
    output: page(Passkey),
    run: listPasskeys,
  }),
  get: query({
    rest: 'GET /users/me/passkeys/{id}',
    access: 'user',
    summary: 'Read one of your own passkeys',
    input: ById,
    output: Passkey,
    problems: [passkey_not_found],
    run: getPasskey,
  }),
  update: mutation({
    rest: 'PATCH /users/me/passkeys/{id}',
    access: 'user',
    summary: 'Rename one of your own passkeys',
    input: PasskeyUpdate,
    output: Passkey,
    problems: [passkey_not_found],
    run: updatePasskey,
  }),
  delete: mutation({
    rest: 'DELETE /users/me/passkeys/{id}',
    access: 'user',
    summary: 'Delete one of your own passkeys',
    description: 'Nobody signs in by it any more. The device may go on offering it.',
    input: ById,
    problems: [passkey_not_found],
    run: deletePasskey,
  }),
});
