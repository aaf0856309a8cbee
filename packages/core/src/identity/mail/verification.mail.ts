import type { ServiceContext } from '../../database/context.ts';
import { makeAccountToken } from '../account-token.ts';
import { keyOf } from '../user.record.ts';
import type { MailTemplate } from './mail.job.ts';
import { tokenBlocks, writeMail } from './message.ts';
import { personOf } from './person.ts';

const lifetimeMs = 24 * 3_600_000;

/** The subject of a verification token. A change of the address makes the token invalid. Once verified, no token works. */
export const verificationSubject = ({ id, emailKey }: { id: string; emailKey: string }) => ({
  id,
  boundTo: [emailKey],
});

/** Makes the token of the verification mail. Never store or log it. */
export const verificationTokenOf = (ctx: ServiceContext, { id, email }: { id: string; email: string }): string => {
  const end = new Date(ctx.clock.now().getTime() + lifetimeMs);
  return makeAccountToken(ctx.settings, 'verify-email', verificationSubject({ id, emailKey: keyOf(email) }), end);
};

/** Asks a user to verify their address. Sends nothing when no active person has the address, or it is verified already. */
export const verificationMail: MailTemplate = async (ctx, payload) => {
  const user = await personOf(ctx, payload);
  if (!user || user.emailVerifiedAt !== null) return null;
  const { publicUrl } = ctx.settings;
  return writeMail({
    to: user.email,
    subject: 'Verify your e-mail address',
    name: user.fullName,
    blocks: [
      `your e-mail address was registered with Tenon at ${publicUrl}. Prove that it is yours within 24 hours with this token:`,
      ...tokenBlocks(publicUrl, '/auth/verify-email', { token: verificationTokenOf(ctx, user) }),
      'If you did not register, ignore this mail.',
    ],
  });
};
