import { z } from 'zod';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { makeAccountToken } from '../account-token.ts';
import { keyOf } from '../user.service.ts';
import type { MailTemplate } from './mail.job.ts';
import { callWith, writeMail } from './message.ts';

const lifetimeMs = 3_600_000;

/** Whose password is set. Another password or address makes the token worthless, so that it is good for one use. */
export const resetHolder = (user: { id: string; emailKey: string; passwordHash: string | null }) => ({
  id: user.id,
  boundTo: [user.emailKey, user.passwordHash ?? ''],
});

export const resetEnd = (now: Date): Date => new Date(now.getTime() + lifetimeMs);

const ByEmail = z.object({ email: z.string() });

/** Lets who reads the mail of an account set its password. Nobody active has the address: nothing is sent. */
export const resetPasswordMail: MailTemplate = async (ctx, payload) => {
  const { email } = ByEmail.parse(payload);
  const user = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('users')
      .leftJoin('credentials', 'credentials.user_id', 'users.id')
      .select([
        'users.id',
        'users.email',
        'users.email_key as emailKey',
        'users.full_name as fullName',
        'credentials.password_hash as passwordHash',
      ])
      .where('users.kind', '=', 'person')
      .where('users.email_key', '=', keyOf(email))
      .where('users.is_active', '=', true)
      .executeTakeFirst(),
  );
  if (!user) return null;
  const { publicUrl } = ctx.settings;
  const token = makeAccountToken(ctx.settings, 'reset-password', resetHolder(user), resetEnd(ctx.clock.now()));
  return writeMail({
    to: user.email,
    subject: 'Set a new password',
    name: user.fullName,
    blocks: [
      `somebody asked to set a new password for your account at ${publicUrl}. Do so within an hour with this token:`,
      { copy: token },
      'For example:',
      callWith(publicUrl, '/auth/reset-password', { token, password: 'YOUR NEW PASSWORD' }),
      'It ends all of your sessions. If you did not ask for it, ignore this mail: nothing has changed.',
    ],
  });
};

const ByUser = z.object({ userId: z.string() });

/** Tells a user that their password is another one: if it was not them, they must know. */
export const passwordChangedMail: MailTemplate = async (ctx, payload) => {
  const { userId } = ByUser.parse(payload);
  const user = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('users')
      .select(['email', 'full_name as fullName'])
      .where('id', '=', userId)
      .where('is_active', '=', true)
      .executeTakeFirst(),
  );
  if (!user) return null;
  const { publicUrl } = ctx.settings;
  return writeMail({
    to: user.email,
    subject: 'Your password was changed',
    name: user.fullName,
    blocks: [
      `the password of your account at ${publicUrl} was changed, and the other sessions were ended.`,
      'If that was not you, ask for a new one at once:',
      callWith(publicUrl, '/auth/forgot-password', { email: user.email }),
    ],
  });
};
