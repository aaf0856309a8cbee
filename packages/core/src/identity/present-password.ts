import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { verifyPassword } from './passwords.ts';
import { accountBudget, counted } from './throttle.ts';

/** What changing a password or an address needs to know about the account of the signed-in user. */
export interface OwnAccount {
  email: string;
  username: string | null;
  emailVerifiedAt: string | null;
  passwordHash: string;
}

export const wrongPresentPassword = () =>
  errors.validation_failed({ field: ['currentPassword'], message: 'This is not your current password.' });

/**
 * Checks that the signed-in user knows the password, because somebody else may be using the session. After too many wrong guesses
 * it refuses all guesses for a while; the session stays active.
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
