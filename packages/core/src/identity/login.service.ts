import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { defineErrors } from '../kernel/errors.ts';
import { nilId } from '../kernel/ids.ts';
import { keyOf } from '../kernel/text.ts';
import type { Login } from './auth.schema.ts';
import { CredentialEntity } from './credential.entity.ts';
import { hashPassword, needsRehash, verifyPassword } from './passwords.ts';
import { lockForSignIn, type OpenSession, startSession } from './session.service.ts';
import { accountBudget, addressBudgets, type Budget, inTurn, lockBudgets, requireTries, tooMany } from './throttle.ts';
import type { SignInTransport } from './transport.ts';
import { userEvents } from './user.events.ts';

export const loginErrors = defineErrors({
  invalid_credentials: {
    kind: 'unauthenticated',
    message: 'The login or the password is wrong.',
    cause: 'No account has this login and this password. The answer is the same whether or not the account exists.',
    remedy: 'Check both, or set a new password with `POST /api/v1/auth/forgot-password`.',
  },
  email_not_verified: {
    kind: 'forbidden',
    message: 'Verify your e-mail address first: we sent you a mail.',
    cause: 'The e-mail address of the account has not been verified.',
    remedy: 'Open the link in the mail. Ask for another mail with `POST /api/v1/auth/resend-verification`.',
  },
});

/** A login whose password was right. */
export interface ProvenLogin {
  userId: string;
  /** The hash against which the password was verified. */
  passwordHash: string;
  /** A stronger hash to store instead; null when there is none. */
  betterHash: string | null;
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

/** What an attempt to sign in is counted for. */
interface LoginBudgets {
  /** The network address, and the name as it was typed. */
  named: readonly Budget[];
  account: Budget;
}

/**
 * Names are counted as they are typed, whether an account has them or not. If attempts with one name throttled another name, that
 * would reveal that both belong to one account. A separate budget counts all names of an account together; when it is used up, the
 * attempt fails like a wrong password.
 *
 * The password has been verified before. See `decideGuess` for why a right one may be refused.
 * @returns whether the attempt succeeds
 * @throws `rate_limited`
 */
async function decideLogin(unit: Unit, budgets: LoginBudgets, isRight: boolean): Promise<boolean> {
  const named = await lockBudgets(unit, budgets.named);
  if (named.wait > 0) throw tooMany(named.wait);
  const account = await lockBudgets(unit, [budgets.account]);
  if (isRight && account.wait === 0) {
    await named.spare();
    await account.spare();
    return true;
  }
  await named.spend();
  if (account.wait === 0) await account.spend();
  return false;
}

/** Without an account, the event is about the nil id. It leaves out an unknown name: people sometimes type their password there. */
const recordFailure = (unit: Unit, userId: string | null): Promise<unknown> =>
  recordEvents(
    unit,
    userEvents.sign_in_failed.about(userId ?? nilId, { data: { address: unit.ctx.address }, actorId: null }),
  );

/**
 * Verifies a login and its password, outside of any transaction. Callers who do not know the password learn nothing: an unknown
 * login, a wrong password and an inactive account get the same answer after the same work, and count the same.
 * @throws `invalid_credentials`, `email_not_verified`, `rate_limited`
 */
export async function proveLogin(ctx: ServiceContext, input: Login): Promise<ProvenLogin> {
  const name = nameOf(input);
  const named = [...addressBudgets(ctx, 'login'), accountBudget(ctx, 'login', name)];
  const user = await inTurn(ctx, named, async () => {
    await requireTries(ctx, named);
    const found = await readThroughIdentityDoor(ctx.database, (db) => findCredential(db, input));
    const matches = await verifyPassword(found?.passwordHash ?? null, input.password);
    const account = accountBudget(ctx, 'account', found?.id ?? name);
    return writeThroughIdentityDoor(ctx, async (unit) => {
      const succeeds = await decideLogin(unit, { named, account }, matches && found?.isActive === true);
      if (succeeds && found) return found;
      await recordFailure(unit, found?.id ?? null);
      return null;
    });
  });
  if (!user) throw loginErrors.invalid_credentials();
  if (ctx.settings.requireVerifiedEmail && user.emailVerifiedAt === null) throw loginErrors.email_not_verified();
  const betterHash = needsRehash(user.passwordHash) ? await hashPassword(input.password) : null;
  return { userId: user.id, passwordHash: user.passwordHash, betterHash };
}

/** Stores the stronger hash of a verified login, if it has one. Answers whether the password is still the one that was verified. */
export async function applyLogin(unit: Unit, { userId, passwordHash, betterHash }: ProvenLogin): Promise<boolean> {
  const stored = { passwordHash: betterHash ?? passwordHash };
  return (await unit.update(CredentialEntity, { userId, passwordHash }, stored)) === 1;
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
