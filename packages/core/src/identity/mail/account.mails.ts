import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import type { JobPayload } from '../../jobs/index.ts';
import { makeAccountToken } from '../account-token.ts';
import { activeAccounts } from '../user.queries.ts';
import { keyOf } from '../../kernel/text.ts';
import type { MailTemplate } from './mail.job.ts';
import { type Block, callWith, greetingOf, tokenBlocks, writeMail } from './message.ts';

const hourMs = 3_600_000;

const inHours = ({ clock }: Pick<ServiceContext, 'clock'>, hours: number) =>
  new Date(clock.now().getTime() + hours * hourMs);

/** Names a person by their address, or by their id. */
const Payload = z.union([z.object({ email: z.string() }), z.object({ userId: z.string() })]);

/** Reads the active person that the payload names. Answers undefined when there is none. */
const personOf = (ctx: ServiceContext, payload: JobPayload) =>
  readThroughIdentityDoor(ctx.database, (db) => {
    const named = Payload.parse(payload);
    const people = activeAccounts(db).where('users.kind', '=', 'person');
    const person =
      'email' in named
        ? people.where('users.email_key', '=', keyOf(named.email))
        : people.where('users.id', '=', named.userId);
    return person.executeTakeFirst();
  });

type Person = NonNullable<Awaited<ReturnType<typeof personOf>>>;

/** Writes a mail to the active person that the payload names. Sends nothing when there is none, or `blocksFor` answers null. */
const mailToPerson =
  (subject: string, blocksFor: (ctx: ServiceContext, person: Person) => readonly Block[] | null): MailTemplate =>
  async (ctx, payload) => {
    const person = await personOf(ctx, payload);
    const blocks = person && blocksFor(ctx, person);
    return blocks ? writeMail({ to: person.email, subject, name: greetingOf(person), blocks }) : null;
  };

/** The subject of a verification token. A change of the address makes the token invalid. Once verified, no token works. */
export const verificationSubject = ({ id, emailKey }: { id: string; emailKey: string }) => ({
  id,
  boundTo: [emailKey],
});

/** Makes the token of the verification mail. Never store or log it. */
export const verificationTokenOf = (ctx: ServiceContext, { id, email }: { id: string; email: string }): string => {
  const subject = verificationSubject({ id, emailKey: keyOf(email) });
  return makeAccountToken(ctx.settings, 'verify-email', subject, inHours(ctx, 24));
};

/** Asks a user to verify their address. Sends nothing when it is verified already. */
export const verificationMail = mailToPerson('Verify your e-mail address', (ctx, person) => {
  if (person.emailVerifiedAt !== null) return null;
  const { publicUrl } = ctx.settings;
  return [
    `your e-mail address was registered with Tenon at ${publicUrl}. Prove that it is yours within 24 hours with this token:`,
    ...tokenBlocks(publicUrl, '/auth/verify-email', { token: verificationTokenOf(ctx, person) }),
    'If you did not register, ignore this mail.',
  ];
});

type Resettable = Pick<Person, 'id' | 'emailKey' | 'passwordHash'>;

/** The subject of a reset token. A change of the password or the address makes the token invalid, so it works once. */
export const resetSubject = ({ id, emailKey, passwordHash }: Resettable) => ({
  id,
  boundTo: [emailKey, passwordHash ?? ''],
});

export const resetTokenOf = (ctx: Pick<ServiceContext, 'settings' | 'clock'>, user: Resettable) =>
  makeAccountToken(ctx.settings, 'reset-password', resetSubject(user), inHours(ctx, 1));

/** Makes a reset token for the command line. Answers null when there is no active user with this address. Never store or log it. */
export async function resetTokenFor(
  ctx: ServiceContext,
  email: string,
): Promise<{ userId: string; token: string } | null> {
  const person = await personOf(ctx, { email });
  return person ? { userId: person.id, token: resetTokenOf(ctx, person) } : null;
}

/** Sends a token that sets a new password. */
export const resetPasswordMail = mailToPerson('Set a new password', (ctx, person) => {
  const { publicUrl } = ctx.settings;
  const body = { token: resetTokenOf(ctx, person), password: 'YOUR NEW PASSWORD' };
  return [
    `somebody asked to set a new password for your account at ${publicUrl}. Do so within an hour with this token:`,
    ...tokenBlocks(publicUrl, '/auth/reset-password', body),
    'This ends all of your sessions. If you did not ask for it, ignore this mail: nothing has changed.',
  ];
});

/** Tells a user that their password has changed, in case somebody else changed it. */
export const passwordChangedMail = mailToPerson(
  'Your password was changed',
  ({ settings: { publicUrl } }, { email }) => [
    `the password of your account at ${publicUrl} was changed, and the other sessions were ended.`,
    'If that was not you, ask for a new one at once:',
    callWith(publicUrl, '/auth/forgot-password', { email }),
  ],
);

/** Tells a user that an administrator has removed their second factor, in case somebody else asked for it. */
export const secondFactorResetMail = mailToPerson(
  'Your second factor was removed',
  ({ settings: { publicUrl } }, { email }) => [
    `an administrator removed the authenticator app and the recovery codes of your account at ${publicUrl}, and your sessions were ended.`,
    'Signing in asks for the password alone until you set up an app again. If you did not ask for this, set a new password at once:',
    callWith(publicUrl, '/auth/forgot-password', { email }),
  ],
);
