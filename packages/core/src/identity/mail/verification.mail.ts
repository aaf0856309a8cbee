import { z } from 'zod';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { makeAccountToken } from '../account-token.ts';
import { keyOf } from '../user.service.ts';
import type { MailTemplate } from './mail.job.ts';
import { callWith, writeMail } from './message.ts';

const Payload = z.object({ email: z.string() });

const lifetimeMs = 24 * 3_600_000;

/** Whose address is verified. Another address makes the token worthless, and so does verifying. */
export const verificationHolder = ({ id, emailKey }: { id: string; emailKey: string }) => ({ id, boundTo: [emailKey] });

export const verificationEnd = (now: Date): Date => new Date(now.getTime() + lifetimeMs);

/** Asks a user to prove their address. Nobody has the address, or it is proven: nothing is sent. */
export const verificationMail: MailTemplate = async (ctx, payload) => {
  const { email } = Payload.parse(payload);
  const user = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('users')
      .select(['id', 'email', 'email_key as emailKey', 'full_name as fullName'])
      .where('email_key', '=', keyOf(email))
      .where('email_verified_at', 'is', null)
      .where('is_active', '=', true)
      .where('kind', '=', 'person')
      .executeTakeFirst(),
  );
  if (!user) return null;
  const end = verificationEnd(ctx.clock.now());
  const token = makeAccountToken(ctx.settings, 'verify-email', verificationHolder(user), end);
  const { publicUrl } = ctx.settings;
  return writeMail({
    to: user.email,
    subject: 'Verify your e-mail address',
    name: user.fullName,
    blocks: [
      `your e-mail address was registered with Tenon at ${publicUrl}. Prove that it is yours within 24 hours with this token:`,
      { copy: token },
      'For example:',
      callWith(publicUrl, '/auth/verify-email', { token }),
      'If you did not register, ignore this mail.',
    ],
  });
};
