import type { ServiceContext } from '../database/context.ts';
import { recordEvents } from '../activity/index.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { defineErrors } from '../kernel/errors.ts';
import type { Login } from './auth.schema.ts';
import { hashPassword, needsRehash, verifyPassword } from './passwords.ts';
import { lockForSignIn, type OpenSession, startSession } from './session.service.ts';
import { accountBudget, addressBudgets, refund, spend, tooMany, type Tries } from './throttle.ts';
import type { SignInTransport } from './transport.ts';
import { keyOf } from './user.service.ts';

export const loginErrors = defineErrors({
  invalid_credentials: { kind: 'unauthenticated', message: 'The login or the password is wrong.' },
  email_not_verified: { kind: 'forbidden', message: 'Verify your e-mail address first: we sent you a mail.' },
});

/** Someone whose password was right. */
export interface ProvenLogin {
  userId: string;
  /** What the password was held against. */
  passwordHash: string;
  /** A better hash to keep instead. */
  betterHash: string | null;
  /** What the attempt cost, to be given back when it was no failure. */
  tried: Tries;
}

const nameOf = (input: Login): string => keyOf(input.login ?? input.email ?? input.username ?? '');

async function findCredential(db: ReadDoor, input: Login) {
  const name = nameOf(input);
  // A username is never an address, so the sign says which of the two it is.
  const byEmail = input.email !== undefined || (input.login !== undefined && name.includes('@'));
  return db
    .selectFrom('users')
    .innerJoin('credentials', 'credentials.user_id', 'users.id')
    .select([
      'users.id',
      'users.is_active as isActive',
      'users.email_verified_at as emailVerifiedAt',
      'credentials.password_hash as passwordHash',
    ])
    .where(byEmail ? 'users.email_key' : 'users.username_key', '=', name)
    .executeTakeFirst();
}

/**
 * Counts an attempt as a failure before its password is looked at, so that many at once are not more than the limit.
 *
 * Names are counted as they are typed, known or not: who saw one name throttled by attempts at another would learn that both are
 * one account. What both together may try is counted apart, and is held against the account without a word.
 * @throws `rate_limited`
 */
async function countAttempt(ctx: ServiceContext, name: string, userId: string | null) {
  const named = [...addressBudgets(ctx, 'login'), accountBudget(ctx, 'login', name)];
  const account = accountBudget(ctx, 'account', userId ?? name);
  const { at, wait, exhausted } = await writeThroughIdentityDoor(ctx, async (unit) => {
    const seconds = await spend(unit, named);
    return { at: unit.now, wait: seconds, exhausted: seconds === 0 && (await spend(unit, [account])) > 0 };
  });
  if (wait > 0) throw tooMany(wait);
  return { tried: { at, budgets: exhausted ? named : [...named, account] }, exhausted };
}

/** The id in events about who is not known. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** An unknown name is not told: people type their passwords there. */
const recordFailure = (ctx: ServiceContext, userId: string | null): Promise<void> =>
  writeThroughIdentityDoor(ctx, (unit) =>
    recordEvents(unit, {
      type: 'user.sign_in_failed',
      entity: { type: 'user', id: userId ?? nobody },
      data: { address: ctx.address },
      actorId: null,
      organizationId: null,
    }),
  );

/**
 * Checks a login and its password, outside of any transaction. Whoever does not know the password learns nothing: an unknown
 * login, a wrong password and an account that is not active get the same answer after the same work, and are counted alike.
 * @throws `invalid_credentials`, `email_not_verified`, `rate_limited`
 */
export async function proveLogin(ctx: ServiceContext, input: Login): Promise<ProvenLogin> {
  const user = await readThroughIdentityDoor(ctx.database, (db) => findCredential(db, input));
  const { tried, exhausted } = await countAttempt(ctx, nameOf(input), user?.id ?? null);
  const matches = await verifyPassword(user?.passwordHash ?? null, input.password);
  if (!user || !matches || !user.isActive || exhausted) {
    await recordFailure(ctx, user?.id ?? null);
    throw loginErrors.invalid_credentials();
  }
  if (ctx.settings.requireVerifiedEmail && user.emailVerifiedAt === null) {
    await writeThroughIdentityDoor(ctx, (unit) => refund(unit, tried));
    throw loginErrors.email_not_verified();
  }
  const betterHash = needsRehash(user.passwordHash) ? await hashPassword(input.password) : null;
  return { userId: user.id, passwordHash: user.passwordHash, betterHash, tried };
}

/**
 * Opens the session of a proven login. Runs behind the identity door.
 * @throws `invalid_credentials` when the account or its password has changed since it was proven
 */
export async function openLogin(
  unit: Unit,
  proven: ProvenLogin,
  session: { deviceId: string | null; organizationId: string | null },
  transport: SignInTransport,
): Promise<OpenSession> {
  const { userId, passwordHash, betterHash, tried } = proven;
  // The user first, as in everything that changes an account, so that no two wait for each other.
  const isActive = await lockForSignIn(unit, userId);
  const kept = await unit.db
    .updateTable('credentials')
    .set({ password_hash: betterHash ?? passwordHash })
    .where('user_id', '=', userId)
    .where('password_hash', '=', passwordHash)
    .executeTakeFirstOrThrow();
  if (kept.numUpdatedRows !== 1n || !isActive) throw loginErrors.invalid_credentials();
  await refund(unit, tried);
  return startSession(unit, { userId, ...session }, transport);
}
