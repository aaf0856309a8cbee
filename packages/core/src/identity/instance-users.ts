import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { mutateThroughIdentityDoor, readThroughIdentityDoor } from '../database/identity-door.ts';
import { contains } from '../database/sql.ts';
import type { Page } from '../kernel/schemas.ts';
import { fold, keyOf } from '../kernel/text.ts';
import { requireInstanceAdmin } from './instance-admin.ts';
import { endSessionsOf } from './session.service.ts';
import { userEvents } from './user.events.ts';
import { userErrors, users } from './user.record.ts';
import type { User, UserListInput, UserPath } from './user.schema.ts';

/** Lists the people of the whole instance. @throws `unauthenticated`, `permission_denied` */
export async function listUsers(ctx: ServiceContext, input: UserListInput): Promise<Page<User>> {
  requireInstanceAdmin(ctx);
  return readThroughIdentityDoor(ctx.database, (db) => {
    let query = users.from(db).where('users.kind', '=', 'person');
    // A literal, because the index of inactive users is partial: a parameter would not use it.
    if (input.active !== undefined) query = query.where('users.is_active', '=', sql.lit(input.active));
    const { search } = input;
    if (search !== undefined)
      query = query.where((where) =>
        where.or([
          contains('users.email_key', keyOf(search)),
          contains('users.username_key', keyOf(search)),
          contains('users.name_key', fold(search)),
        ]),
      );
    return users.page(ctx, db, input, query);
  });
}

/** Reads any user of the instance. @throws `unauthenticated`, `permission_denied`, `user_not_found` */
export async function getUserOfInstance(ctx: ServiceContext, { userId }: UserPath): Promise<User> {
  requireInstanceAdmin(ctx);
  return readThroughIdentityDoor(ctx.database, (db) => users.get(db, userId));
}

/**
 * Deactivates a user, in every process within 5 seconds: their sessions end, and signing in gets the same answer as a wrong
 * password.
 * @throws `unauthenticated`, `permission_denied`, `user_not_found`, `own_account`
 */
export async function deactivateUser(ctx: ServiceContext, path: UserPath): Promise<User> {
  requireInstanceAdmin(ctx);
  if (path.userId === ctx.principal.userId) throw userErrors.own_account();
  return setActive(ctx, path, false);
}

/** Reactivates a user, who has to sign in again. @throws `unauthenticated`, `permission_denied`, `user_not_found` */
export async function activateUser(ctx: ServiceContext, path: UserPath): Promise<User> {
  requireInstanceAdmin(ctx);
  return setActive(ctx, path, true);
}

function setActive(ctx: ServiceContext, { userId }: UserPath, isActive: boolean): Promise<User> {
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const user = await users.lock(unit, userId);
    if (user.isActive === isActive) return users.show(user);
    const event = isActive ? userEvents.activated : userEvents.deactivated;
    const { after } = await users.change(unit, user, { isActive }, { event });
    if (!isActive) await endSessionsOf(unit, userId, 'deactivated');
    return users.show(after);
  });
}

/** Ends every session of a user. @throws `unauthenticated`, `permission_denied`, `user_not_found` */
export async function endSessionsOfUser(ctx: ServiceContext, { userId }: UserPath): Promise<void> {
  requireInstanceAdmin(ctx);
  await mutateThroughIdentityDoor(ctx, async (unit) => {
    await users.lock(unit, userId);
    await endSessionsOf(unit, userId, 'ended_by_administrator');
  });
}
