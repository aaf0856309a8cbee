import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { makeAccountToken } from '../account-token.ts';
import { activeAccounts } from '../user.queries.ts';
import type { MailTemplate } from './mail.job.ts';
import { callWith, tokenBlocks, writeMail } from './message.ts';
import { personOf } from './person.ts';

const lifetimeMs = 3_600_000;

interface Resettable {
  id: string;
  emailKey: string;
  passwordHash: string | null;
}

/** The subject of a reset token. A change of the password or the address makes the token invalid, so it works once. */
export const resetSubject = ({ id, emailKey, passwordHash }: Resettable) => ({
  id,
  boundTo: [emailKey, passwordHash ?? ''],
});

export const resetTokenOf = ({ settings, clock }: Pick<ServiceContext, 'settings' | 'clock'>, user: Resettable) =>
  makeAccountToken(settings, 'reset-password', resetSubject(user), new Date(clock.now().getTime() + lifetimeMs));

/** Sends a token that sets a new password. Sends nothing when no active person has the address. */
export const resetPasswordMail: MailTemplate = async (ctx, payload) => {
  const user = await personOf(ctx, payload);
  if (!user) return null;
  const { publicUrl } = ctx.settings;
  const body = { token: resetTokenOf(ctx, user), password: 'YOUR NEW PASSWORD' };
  return writeMail({
    to: user.email,
    subject: 'Set a new password',
    name: user.fullName,
    blocks: [
      `somebody asked to set a new password for your account at ${publicUrl}. Do so within an hour with this token:`,
      ...tokenBlocks(publicUrl, '/auth/reset-password', body),
      'This ends all of your sessions. If you did not ask for it, ignore this mail: nothing has changed.',
    ],
  });
};

const ByUser = z.object({ userId: z.string() });

/** Tells a user that their password has changed, in case somebody else changed it. */
export const passwordChangedMail: MailTemplate = async (ctx, payload) => {
  const { userId } = ByUser.parse(payload);
  const user = await readThroughIdentityDoor(ctx.database, (db) =>
    activeAccounts(db).where('users.id', '=', userId).executeTakeFirst(),
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
