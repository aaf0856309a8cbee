import type { ServiceContext } from '../database/context.ts';
import { recordEvents } from '../activity/index.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { defineErrors } from '../kernel/errors.ts';
import { keyOf } from '../kernel/text.ts';
import type { Login } from './auth.schema.ts';
import { CredentialEntity } from './credential.entity.ts';
import { hashPassword, needsRehash, verifyPassword } from './passwords.ts';
import { lockForSignIn, type OpenSession, startSession } from './session.service.ts';
import { accountBudget, addressBudgets, refund, spend, tooMany, type Tries } from './throttle.ts';
import type { SignInTransport } from './transport.ts';
import { userEvents } from './user.events.ts';

export const loginErrors = defineErrors({
  invalid_credentials: { kind: 'unauthenticated', message: 'The login or the password is wrong.' },
  email_not_verified: { kind: 'forbidden', message: 'Verify your e-mail address first: we sent you a mail.' },
});

/** A login whose password was right. */
export interface ProvenLogin {
  userId: string;
  /** The hash against which the password was verified. */
  passwordHash: string;
  /** A stronger hash to store instead; null when there is none. */
  betterHash: string | null;
  /** The tries that the attempt took: they are given back when it succeeds. */
  tried: Tries;
}

const nameOf = (input: Login): string => keyOf(input.login ?? input.email ?? input.username ?? '');

async function findCredential(db: ReadDoor, input: Login) {
  const name = nameOf(input);
  // A username never contains @, so @ tells an address from a username.
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
 * Counts an attempt as a failure before its password is verified, so that parallel attempts cannot exceed the limit.
 *
 * Names are counted as they are typed, whether an account has them or not. If attempts with one name throttled another name, that
 * would reveal that both belong to one account. A separate budget counts all names of an account together; when it is used up, the
 * attempt fails like a wrong password.
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

/** The user id in events about a login that no account has. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** The event leaves out an unknown name: people sometimes type their password there. */
const recordFailure = (ctx: ServiceContext, userId: string | null): Promise<void> =>
  writeThroughIdentityDoor(ctx, (unit) =>
    recordEvents(
      unit,
      userEvents.sign_in_failed.about(userId ?? nobody, { data: { address: ctx.address }, actorId: null }),
    ),
  );

/**
 * Verifies a login and its password, outside of any transaction. Callers who do not know the password learn nothing: an unknown
 * login, a wrong password and an inactive account get the same answer after the same work, and count the same.
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
 * Gives the tries of a verified login back, and stores its stronger hash, if it has one. Answers whether the password is still the
 * one that was verified.
 */
export async function applyLogin(
  unit: Unit,
  { userId, passwordHash, betterHash, tried }: ProvenLogin,
): Promise<boolean> {
  const stored = { passwordHash: betterHash ?? passwordHash };
  const kept = await unit.update(CredentialEntity, { userId, passwordHash }, stored);
  await refund(unit, tried);
  return kept === 1;
}

/**
 * Starts the session of a verified login. Runs behind the identity door.
 * @throws `invalid_credentials` when the account or its password has changed since the login was verified
 */
export async function openLogin(
  unit: Unit,
  proven: ProvenLogin,
  session: { deviceId: string | null; organizationId: string | null },
  transport: SignInTransport,
): Promise<OpenSession> {
  const { userId } = proven;
  // Lock the user first, as everything that changes an account does, so that two transactions cannot deadlock.
  const isActive = await lockForSignIn(unit, userId);
  if (!(await applyLogin(unit, proven)) || !isActive) throw loginErrors.invalid_credentials();
  return startSession(unit, { userId, ...session }, transport);
}
