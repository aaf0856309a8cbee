import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { requireSignedIn } from './signed-in.ts';
import type { User } from './user.schema.ts';

/** A user as the API shows it; null when there is none behind this door. */
async function findUser(db: ReadDoor, id: string): Promise<User | null> {
  const user = await db
    .selectFrom('users')
    .select([
      'users.id',
      'users.email',
      'users.email_verified_at as emailVerifiedAt',
      'users.username',
      'users.full_name as fullName',
      'users.locale',
      'users.timezone',
      'users.avatar_url as avatarUrl',
      'users.is_active as isActive',
      'users.last_login_at as lastLoginAt',
      'users.created_at as createdAt',
      'users.updated_at as updatedAt',
    ])
    .where('users.id', '=', id)
    .executeTakeFirst();
  return user ?? null;
}

/** The same of a user who is known to exist. */
export async function getUser(db: ReadDoor, id: string): Promise<User> {
  const user = await findUser(db, id);
  if (!user) throw new Error(`User ${id} is not to be seen here.`);
  return user;
}

/** Who is signed in. @throws `unauthenticated` */
export async function getCurrentUser(ctx: ServiceContext): Promise<User> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => getUser(db, userId));
}
