import {
  activateUser,
  deactivateUser,
  endSessionsOfUser,
  getCurrentUser,
  getUserOfInstance,
  listUsers,
  page,
  resetSecondFactor,
  totpErrors,
  updateCurrentUser,
  User,
  userErrors,
  UserListInput,
  UserPath,
  UserUpdate,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({ name: 'Users', description: 'People, known to the whole installation.' });

const { own_account, user_not_found, username_taken } = userErrors;
const { totp_not_enabled } = totpErrors;

export const userRouter = router({
  me: query({
    rest: 'GET /users/me',
    access: 'user',
    apiKey: true,
    summary: 'Read your own profile',
    output: User,
    run: getCurrentUser,
  }),
  updateMe: mutation({
    rest: 'PATCH /users/me',
    access: 'user',
    summary: 'Change your own profile',
    description: 'Only the fields given change; null clears.',
    input: UserUpdate,
    output: User,
    problems: [username_taken],
    run: updateCurrentUser,
  }),
  list: query({
    rest: 'GET /users',
    access: 'instance',
    summary: 'List everybody',
    description: 'For who administers the instance. The people of an organization are its members.',
    input: UserListInput,
    output: page(User),
    run: listUsers,
  }),
  get: query({
    rest: 'GET /users/{userId}',
    access: 'instance',
    summary: 'Read anybody',
    input: UserPath,
    output: User,
    problems: [user_not_found],
    run: getUserOfInstance,
  }),
  deactivate: mutation({
    rest: 'POST /users/{userId}/deactivate',
    access: 'instance',
    summary: 'Deactivate a user',
    description: 'Their sessions end, and signing in is answered as a wrong password is.',
    input: UserPath,
    output: User,
    problems: [user_not_found, own_account],
    run: deactivateUser,
  }),
  activate: mutation({
    rest: 'POST /users/{userId}/activate',
    access: 'instance',
    summary: 'Activate a user again',
    input: UserPath,
    output: User,
    problems: [user_not_found],
    run: activateUser,
  }),
  endSessions: mutation({
    rest: 'DELETE /users/{userId}/sessions',
    access: 'instance',
    summary: 'End every session of a user',
    input: UserPath,
    problems: [user_not_found],
    run: endSessionsOfUser,
  }),
  resetSecondFactor: mutation({
    rest: 'DELETE /users/{userId}/second-factor',
    access: 'instance',
    summary: 'Remove the lost second factor of a user',
    description:
      'Removes the authenticator app and the recovery codes, ends the sessions and mails the user. Passkeys stay. Make sure who asks for it: signing in then needs the password alone.',
    input: UserPath,
    problems: [user_not_found, own_account, totp_not_enabled],
    run: resetSecondFactor,
  }),
});
