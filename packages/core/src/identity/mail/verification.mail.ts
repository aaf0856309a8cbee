import { z } from 'zod';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { keyOf } from '../user.service.ts';
import { makeVerificationToken } from '../verification-token.ts';
import type { MailTemplate } from './mail.job.ts';

const Payload = z.object({ email: z.string() });

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
      .executeTakeFirst(),
  );
  if (!user) return null;
  const token = makeVerificationToken(ctx.settings, user, ctx.clock.now());
  const { publicUrl } = ctx.settings;
  return {
    to: user.email,
    subject: 'Verify your e-mail address',
    text: `Hello${user.fullName === null ? '' : ` ${user.fullName}`},

your e-mail address was registered with Tenon at ${publicUrl}.
Prove that it is yours within 24 hours with this token:

${token}

For example:

curl -X POST ${publicUrl}/api/v1/auth/verify-email \\
  -H 'Content-Type: application/json' \\
  -d '{"token":"${token}"}'

If you did not register, ignore this mail.
`,
  };
};
