import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { requireCaller } from './signed-in.ts';
import type { User } from './user.schema.ts';

/** The columns of a user that the API shows. */
export const userColumns = [
  'users.id',
  'users.email',
  'users.email_verified_at as emailVerifiedAt',
  'users.username',
  'users.full_name as fullName',
  'users.locale',
  'users.timezone',
  'users.avatar_url as avatarUrl',
  'users.is_active as isActive',
  'users.instance_admin_since as instanceAdminSince',
  'users.last_login_at as lastLoginAt',
  'users.created_at as createdAt',
  'users.updated_at as updatedAt',
] as const;

export const userOf = ({
  instanceAdminSince,
  ...row
}: Omit<User, 'isInstanceAdmin'> & { instanceAdminSince: string | null }): User => ({
  ...row,
  isInstanceAdmin: instanceAdminSince !== null,
});

/** Reads a user as the API shows it. Answers null when this door shows no such user. */
export async function findUser(db: ReadDoor, id: string): Promise<User | null> {
  const row = await db.selectFrom('users').select(userColumns).where('users.id', '=', id).executeTakeFirst();
  return row ? userOf(row) : null;
}

/** The same for a user who must exist. */
export async function getUser(db: ReadDoor, id: string): Promise<User> {
  const user = await findUser(db, id);
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
