import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { verifyPassword } from './passwords.ts';
import { accountBudget, counted } from './throttle.ts';
import { activeAccounts } from './user.queries.ts';

export const wrongPresentPassword = () =>
  errors.validation_failed({ field: ['currentPassword'], message: 'This is not your current password.' });

/**
 * Checks that the signed-in user knows the password, because somebody else may be using the session. After too many wrong guesses
 * it refuses all guesses for a while; the session stays active. Answers the account of the user.
 * @throws `validation_failed` at `currentPassword`, `rate_limited`
 */
export async function requirePresentPassword(
  ctx: ServiceContext & { readonly principal: Principal },
  password: string,
) {
  const { userId } = ctx.principal;
  const account = await readThroughIdentityDoor(ctx.database, (db) =>
    activeAccounts(db).where('users.id', '=', userId).executeTakeFirst(),
  );
  const passwordHash = account?.passwordHash ?? null;
  const matches = await counted(ctx, [accountBudget(ctx, 'password', userId)], () =>
    verifyPassword(passwordHash, password),
  );
  if (!account || !passwordHash || !matches) throw wrongPresentPassword();
  return { ...account, passwordHash };
}
