import type { Unit } from '../database/unit-of-work.ts';
import { defineErrors, type DomainError, errors, notFound } from '../kernel/errors.ts';
import { fold, keyOf } from '../kernel/text.ts';
import { defineRecord } from '../records/index.ts';
import { userTable } from './user.entity.ts';
import { User } from './user.schema.ts';

export const userErrors = defineErrors({
  email_taken: {
    kind: 'conflict',
    message: 'There is an account with this e-mail address.',
    cause: 'An account with this e-mail address exists. Addresses are compared without case.',
    remedy: 'Sign in to that account, or use another address.',
  },
  user_not_found: notFound('user'),
  sign_up_closed: {
    kind: 'forbidden',
    message: 'Nobody may create an account here.',
    cause: 'The operator of this installation has closed sign-up, or people can join by invitation only.',
    remedy: 'Ask an administrator of an organization for an invitation.',
  },
  own_account: {
    kind: 'conflict',
    message: 'Nobody deactivates their own account: ask another administrator.',
    cause:
      'An administrator of the installation tried to do to their own account what only another administrator may do to it.',
    remedy:
      'Ask another administrator of the installation. Your own second factor can be disabled, and need not be reset.',
  },
  username_taken: {
    kind: 'conflict',
    message: 'This username is taken.',
    cause: 'Another account has this username. Usernames are compared without case.',
    remedy: 'Choose another username.',
  },
});

/** The verbs record no event unless they are given one: what happens to a user has many names. */
export const users = defineRecord(userTable, {
  output: User,
  events: {},
  derived: ({ email, username, fullName, instanceAdminSince }) => ({
    emailKey: keyOf(email),
    usernameKey: username === null ? null : keyOf(username),
    /** Full names are searched in lower case, without accents. */
    nameKey: fullName === null ? null : fold(fullName),
    isInstanceAdmin: instanceAdminSince !== null,
  }),
  missing: userErrors.user_not_found,
});

/** Locks a user until commit. Everything that changes an account does so first. @throws `unauthenticated`, or the given error */
export async function lockUser(unit: Unit, id: string, missing: () => DomainError = errors.unauthenticated) {
  const [user] = await users.lockMany(unit, { id });
  if (!user) throw missing();
  return user;
}
