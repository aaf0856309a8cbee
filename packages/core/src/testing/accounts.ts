import { sql } from 'kysely';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import { makeAccountToken } from '../identity/account-token.ts';
import { CredentialEntity } from '../identity/credential.entity.ts';
import { changeSubject } from '../identity/mail/email-change.mails.ts';
import { resetTokenOf } from '../identity/mail/account.mails.ts';
import { hashPassword } from '../identity/passwords.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Platform } from '../platform.ts';

/** Sets a new password for a user and clears all tries. Answers the password. */
export async function givePassword(platform: Platform, userId: string): Promise<string> {
  const password = `${uuidv7()} horse`;
  const passwordHash = await hashPassword(password);
  await writeThroughIdentityDoor(platform.context({ principal: null }), async (unit) => {
    await unit.db.deleteFrom('throttles').execute();
    await unit.db.deleteFrom('credentials').where('user_id', '=', userId).execute();
    await unit.insert(CredentialEntity, { userId, passwordHash, updatedAt: unit.now });
  });
  return password;
}

/** The tokens of the mails to a user. `confirm` and `undo` are of the latest change of the address; empty without one. */
export async function accountTokens(
  { database, settings, clock }: Platform,
  userId: string,
): Promise<{ reset: string; confirm: string; undo: string }> {
  const { user, change } = await readThroughIdentityDoor(database, async (db) => ({
    user: await db
      .selectFrom('users')
      .leftJoin('credentials', 'credentials.user_id', 'users.id')
      .select(['users.id', 'users.email_key as emailKey', 'credentials.password_hash as passwordHash'])
      .where('users.id', '=', userId)
      .executeTakeFirstOrThrow(),
    change: await db
      .selectFrom('email_changes')
      .select(['id', 'expires_at as expiresAt', 'undo_until as undoUntil'])
      .where('user_id', '=', userId)
      .orderBy('id', 'desc')
      .executeTakeFirst(),
  }));
  const aboutChange = (purpose: 'confirm-email' | 'undo-email', end: string | null | undefined) =>
    change && end != null ? makeAccountToken(settings, purpose, changeSubject(change.id), new Date(end)) : '';
  return {
    reset: resetTokenOf({ settings, clock }, user),
    confirm: aboutChange('confirm-email', change?.expiresAt),
    undo: aboutChange('undo-email', change?.undoUntil),
  };
}

/** Makes a user an instance administrator, as the command line does. */
export const makeInstanceAdmin = (platform: Platform, userId: string): Promise<unknown> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), ({ db, now }) =>
    db
      .updateTable('users')
      .set({ instance_admin_since: sql<string>`${now}` })
      .where('id', '=', userId)
      .execute(),
  );

/** Deactivates a user, as an administrator does. */
export const deactivate = (platform: Platform, userId: string): Promise<unknown> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), ({ db }) =>
    db.updateTable('users').set({ is_active: false }).where('id', '=', userId).execute(),
  );
