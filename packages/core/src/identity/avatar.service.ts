import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { mutate } from '../database/unit-of-work.ts';
import { avatarLimits, type FileDownload, fileErrors, type IncomingFile, openDownload } from '../files/index.ts';
import { type JobRun, sweepAvatars } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { mutateWithFile } from '../records/index.ts';
import { requireCaller, requireSignedIn } from './signed-in.ts';
import { userEvents } from './user.events.ts';
import { lockUser, users } from './user.record.ts';
import type { User, UserPath } from './user.schema.ts';

/** The folder of the pictures of people in the file store. */
const folder = 'user-avatars';

/**
 * Sets the picture of the signed-in user. The sweep deletes the one that they had.
 * @throws `unauthenticated`, `payload_too_large`, `media_type_refused`
 */
export async function setOwnAvatar(ctx: ServiceContext, file: IncomingFile): Promise<User> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const key = `${folder}/${userId}/${uuidv7()}`;
  return mutateWithFile(ctx, file, { key, ...avatarLimits }, async (unit, received) => {
    const avatarUrl = `${ctx.settings.publicUrl}/api/v1/users/${userId}/avatar`;
    const changed = { avatar: { ...received, key }, avatarUrl };
    const { after } = await users.change(unit, await lockUser(unit, userId), changed, {
      event: userEvents.avatar_changed,
    });
    return users.show(after);
  });
}

/** Removes the picture of the signed-in user. @throws `unauthenticated` */
export async function removeOwnAvatar(ctx: ServiceContext): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const user = await lockUser(unit, userId);
    await users.change(unit, user, { avatar: null, avatarUrl: null }, { event: userEvents.avatar_removed });
  });
}

/**
 * Opens the picture of a user whom the caller may read: their own, and those of the members of the organization.
 * @throws `avatar_not_found`
 */
export async function getUserAvatar(ctx: ServiceContext, { userId }: UserPath): Promise<FileDownload> {
  requireCaller(ctx);
  const user = await read(ctx, (db) =>
    db.selectFrom('users').select('avatar').where('id', '=', userId).executeTakeFirst(),
  );
  if (!user?.avatar) throw fileErrors.avatar_not_found();
  return openDownload(ctx.files, user.avatar.key, user.avatar);
}

/** Deletes the pictures that were replaced or removed a day ago. */
export const sweepUserAvatars = (ctx: ServiceContext, job: JobRun): Promise<number> =>
  sweepAvatars(ctx, job, folder, (db, ids) => db.selectFrom('users').select('avatar').where('id', 'in', ids).execute());
