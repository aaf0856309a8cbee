import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { statement } from '../database/statement.ts';
import { requireCaller } from './signed-in.ts';
import { userOf, users } from './user.record.ts';
import type { User } from './user.schema.ts';

const userById = statement((db, { id }: { id: string }) =>
  users.select(users.from(db), 'instanceAdminSince').where('users.id', '=', id),
);

/** Reads a user as the API shows it. Answers null when this door shows no such user. */
export async function findUser(db: ReadDoor, id: string): Promise<User | null> {
  const [row] = await db.run(userById, { id });
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
