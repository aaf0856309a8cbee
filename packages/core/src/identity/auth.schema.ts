import { z } from 'zod';
import { secret } from '../kernel/redaction.ts';
import { input, oneOf, output } from '../kernel/schemas.ts';
import { line, text } from '../kernel/text.ts';
import { refreshToken, sessionFields } from './session.schema.ts';
import { email, timezone, User, username } from './user.schema.ts';

/** The least minimum length that an installation may set. */
export const leastPasswordLength = 8;

/**
 * A password that a user sets. The minimum length is a setting, so the service checks it, and the document says it: `setting` is the name
 * of a setting whose value replaces `minLength` there.
 */
const newPassword = () =>
  secret(text(1, 128)).meta({
    description:
      'A new password, which must not be a common one, nor the address or the username. All Unicode forms of one password are the same.',
    minLength: leastPasswordLength,
    setting: 'passwordMinLength',
  });

/** What registration asks about the person. `tenancy/` adds the organization that they may create. */
export const registrationFields = {
  email: email(),
  password: newPassword(),
  username: username().optional(),
  fullName: line(200).optional().describe('The full name.'),
  timezone: timezone().optional().meta({ description: 'The time zone of the person. UTC when absent.' }),
};
export type Registration = z.output<z.ZodObject<typeof registrationFields>>;

export const VerifyEmail = input('VerifyEmail', {
  token: secret(text(1, 512)).describe('From the mail, or from the answer of auth.register in development.'),
});
export type VerifyEmail = z.output<typeof VerifyEmail>;

export const VerifiedEmail = output('VerifiedEmail', { user: User.describe('Whose address it is.') });

export const ResendVerification = input('ResendVerification', { email: email() });
export type ResendVerification = z.output<typeof ResendVerification>;

export const MailSent = output('MailSent', {
  status: z.literal('sent').describe('Always `sent`, whether or not there is such an account.'),
});
export type MailSent = z.output<typeof MailSent>;

export const ForgotPassword = input('ForgotPassword', { email: email() });
export type ForgotPassword = z.output<typeof ForgotPassword>;

export const ResetPassword = input('ResetPassword', {
  token: secret(text(1, 512)).describe('From the mail that auth.forgotPassword sends.'),
  password: newPassword(),
});
export type ResetPassword = z.output<typeof ResetPassword>;

const currentPassword = () =>
  secret(text(1, 1024)).describe('The current password of the account. A session alone is not enough.');

export const ChangePassword = input('ChangePassword', {
  currentPassword: currentPassword(),
  newPassword: newPassword(),
});
export type ChangePassword = z.output<typeof ChangePassword>;

export const ChangeEmail = input('ChangeEmail', {
  email: email().describe('The new address.'),
  currentPassword: currentPassword(),
});
export type ChangeEmail = z.output<typeof ChangeEmail>;

export const EmailToken = input('EmailToken', {
  token: secret(text(1, 512)).describe('From the mail to the address concerned.'),
});
export type EmailToken = z.output<typeof EmailToken>;

export const Login = oneOf(
  z.strictObject({
    login: text(1, 254).optional().describe('The e-mail address or the username.'),
    email: text(1, 254).optional().describe('The e-mail address, instead of `login`.'),
    username: text(1, 254).optional().describe('The username, instead of `login`.'),
    password: secret(text(1, 1024)).describe('The password of the account.'),
    ...sessionFields,
  }),
  ['login'],
  ['email'],
  ['username'],
).meta({ id: 'Login' });
export type Login = z.output<typeof Login>;

export const Refresh = input('Refresh', { refreshToken: refreshToken() });
export type Refresh = z.output<typeof Refresh>;

export const Logout = input('Logout', { refreshToken: refreshToken() });
export type Logout = z.output<typeof Logout>;

export const SignedIn = output('SignedIn', {
  accessToken: secret(z.string()).describe('Send it as `Authorization: Bearer …`.'),
  tokenType: z.literal('Bearer').describe('Always `Bearer`.'),
  expiresIn: z.number().int().describe('Seconds until the access token expires.'),
  user: User.describe('Who signed in.'),
  refreshToken: secret(z.string())
    .optional()
    .describe('Only to clients that take it in the body; each one is good for one refresh.'),
});
export type SignedIn = z.output<typeof SignedIn>;
