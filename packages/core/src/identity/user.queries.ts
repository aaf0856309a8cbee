import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { requireCaller } from './signed-in.ts';
import { users } from './user.record.ts';
import type { User } from './user.schema.ts';

/** Reads a user who must exist, as the API shows it. */
export async function getUser(db: ReadDoor, id: string): Promise<User> {
  const user = await users.find(db, id);
  if (!user) throw new Error(`User ${id} is not visible here.`);
  return user;
}

/** Selects active users with what account tokens and mails need. `passwordHash` is null for a user without a password. */
export const activeAccounts = (db: ReadDoor) =>
  db
    .selectFrom('users')
    .leftJoin('credentials', 'credentials.user_id', 'users.id')
    .select([
      'users.id',
      'users.email',
      'users.email_key as emailKey',
      'users.email_verified_at as emailVerifiedAt',
      'users.username',
      'users.username_key as usernameKey',
      'users.full_name as fullName',
      'credentials.password_hash as passwordHash',
    ])
    .where('users.is_active', '=', true);

/** Reads the signed-in user. @throws `unauthenticated` */
export async function getCurrentUser(ctx: ServiceContext): Promise<User> {
  requireCaller(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => getUser(db, userId));
}
