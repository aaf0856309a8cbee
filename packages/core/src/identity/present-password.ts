import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { verifyPassword } from './passwords.ts';
import { accountBudget, counted } from './throttle.ts';

/** The account of who is signed in, as far as changing its keys needs it. */
export interface OwnAccount {
  email: string;
  username: string | null;
  emailVerifiedAt: string | null;
  passwordHash: string;
}

export const wrongPresentPassword = () =>
  errors.validation_failed({ field: ['currentPassword'], message: 'This is not your present password.' });

/**
 * Makes sure that who is signed in also knows the password: a session may be in the wrong hands for a while. Too many wrong
 * guesses are refused, whoever makes them; the session goes on.
 * @throws `validation_failed` at `currentPassword`, `rate_limited`
 */
export async function requirePresentPassword(
  ctx: ServiceContext & { readonly principal: Principal },
  password: string,
): Promise<OwnAccount> {
  const { userId } = ctx.principal;
  const account = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('users')
      .innerJoin('credentials', 'credentials.user_id', 'users.id')
      .select([
        'users.email',
        'users.username',
        'users.email_verified_at as emailVerifiedAt',
        'credentials.password_hash as passwordHash',
      ])
      .where('users.id', '=', userId)
      .executeTakeFirst(),
  );
  const matches = await counted(ctx, [accountBudget(ctx, 'password', userId)], () =>
    verifyPassword(account?.passwordHash ?? null, password),
  );
  if (!account || !matches) throw wrongPresentPassword();
  return account;
}
