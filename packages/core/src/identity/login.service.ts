import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { defineErrors } from '../kernel/errors.ts';
import type { Login } from './auth.schema.ts';
import { hashPassword, needsRehash, verifyPassword } from './passwords.ts';
import { type OpenSession, startSession } from './session.service.ts';
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
}

async function findCredential(db: ReadDoor, input: Login) {
  const name = keyOf(input.login ?? input.email ?? input.username ?? '');
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
 * Checks a login and its password, outside of any transaction. Whoever does not know the password learns nothing: an unknown
 * login, a wrong password and an account that is not active get the same answer after the same time.
 * @throws `invalid_credentials`, `email_not_verified`
 */
export async function proveLogin(ctx: ServiceContext, input: Login): Promise<ProvenLogin> {
  const user = await readThroughIdentityDoor(ctx.database, (db) => findCredential(db, input));
  const matches = await verifyPassword(user?.passwordHash ?? null, input.password);
  if (!user || !matches || !user.isActive) throw loginErrors.invalid_credentials();
  if (ctx.settings.requireVerifiedEmail && user.emailVerifiedAt === null) throw loginErrors.email_not_verified();
  const betterHash = needsRehash(user.passwordHash) ? await hashPassword(input.password) : null;
  return { userId: user.id, passwordHash: user.passwordHash, betterHash };
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
  const { userId, passwordHash, betterHash } = proven;
  const credential = unit.db
    .updateTable('credentials')
    .where('user_id', '=', userId)
    .where('password_hash', '=', passwordHash);
  const kept = await credential.set({ password_hash: betterHash ?? passwordHash }).executeTakeFirstOrThrow();
  const active = await unit.db
    .updateTable('users')
    .set({ last_login_at: sql<string>`${unit.now}` })
    .where('id', '=', userId)
    .where('is_active', '=', true)
    .executeTakeFirstOrThrow();
  if (kept.numUpdatedRows !== 1n || active.numUpdatedRows !== 1n) throw loginErrors.invalid_credentials();
  return startSession(unit, { userId, ...session }, transport);
}
