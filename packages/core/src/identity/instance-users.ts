import { sql } from 'kysely';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { mutateThroughIdentityDoor, readThroughIdentityDoor } from '../database/identity-door.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import { contains } from '../database/sql.ts';
import type { Page } from '../kernel/schemas.ts';
import { fold } from '../kernel/text.ts';
import { forgetSessionsOf } from './authenticate.ts';
import { requireInstanceAdmin } from './instance-admin.ts';
import { endSessionsOf } from './session.service.ts';
import { UserEntity } from './user.entity.ts';
import { findUser, getUser, userColumns, userOf } from './user.queries.ts';
import type { User, UserListInput, UserPath } from './user.schema.ts';
import { keyOf, userErrors } from './user.service.ts';

/** Lists the people of the whole instance. @throws `unauthenticated`, `permission_denied` */
export async function listUsers(ctx: ServiceContext, input: UserListInput): Promise<Page<User>> {
  requireInstanceAdmin(ctx);
  const order = orderOf(input.sort, { createdAt: { by: sql`users.created_at` } }, sql`users.id`);
  const request = pageRequest(ctx, 'users', input.sort, input);
  return readThroughIdentityDoor(ctx.database, async (db) => {
    let query = db.selectFrom('users').where('users.kind', '=', 'person');
    if (input.active !== undefined) query = query.where('users.is_active', '=', input.active);
    const { search } = input;
    if (search !== undefined)
      query = query.where((where) =>
        where.or([
          contains('users.email_key', keyOf(search)),
          contains('users.username_key', keyOf(search)),
          contains('users.name_key', fold(search)),
        ]),
      );
    const { rows, nextCursor } = await readPage(query.select(userColumns), order, request);
    const data = rows.map(({ sortValue: _sortValue, ...row }) => userOf(row));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** Reads any user of the instance. @throws `unauthenticated`, `permission_denied`, `user_not_found` */
export async function getUserOfInstance(ctx: ServiceContext, { userId }: UserPath): Promise<User> {
  requireInstanceAdmin(ctx);
  const user = await readThroughIdentityDoor(ctx.database, (db) => findUser(db, userId));
  if (!user) throw userErrors.user_not_found();
  return user;
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
    const user = await unit.load(UserEntity, { id: userId }, userErrors.user_not_found);
    if (user.isActive === isActive) return getUser(unit.db, userId);
    Object.assign(user, { isActive, updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: isActive ? 'user.activated' : 'user.deactivated',
      entity: { type: 'user', id: userId },
      actorId: ctx.principal?.userId ?? null,
      organizationId: null,
    });
    if (!isActive) await endSessionsOf(unit, userId, 'deactivated');
    unit.afterCommit(() => forgetSessionsOf(ctx.database, userId));
    return getUser(unit.db, userId);
  });
}

/** Ends every session of a user. @throws `unauthenticated`, `permission_denied`, `user_not_found` */
export async function endSessionsOfUser(ctx: ServiceContext, { userId }: UserPath): Promise<void> {
  requireInstanceAdmin(ctx);
  await mutateThroughIdentityDoor(ctx, async (unit) => {
    const user = await unit.load(UserEntity, { id: userId }, userErrors.user_not_found);
    await endSessionsOf(unit, user.id, 'ended_by_administrator');
    return null;
  });
}
