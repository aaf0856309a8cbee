import { z } from 'zod';
import { line, text } from '../kernel/text.ts';
import { refreshToken, sessionFields } from './session.schema.ts';
import { email, timezone, User, username } from './user.schema.ts';

/** A password that a user sets. The minimum length is a setting, so the service checks it. */
const newPassword = () =>
  text(1, 128).describe('At most 128 characters; at least 8, unless the installation asks for more.');

/** What registration asks about the person. `tenancy/` adds the organization that they may create. */
export const registrationFields = {
  email: email(),
  password: newPassword(),
  username: username().optional(),
  fullName: line(200).optional(),
  timezone: timezone().optional().describe('@default UTC'),
};
export type Registration = z.output<z.ZodObject<typeof registrationFields>>;

export const VerifyEmail = z
  .strictObject({ token: text(1, 512).describe('From the mail, or from the answer of auth.register in development.') })
  .meta({ id: 'VerifyEmail' });
export type VerifyEmail = z.output<typeof VerifyEmail>;

export const VerifiedEmail = z.object({ user: User }).meta({ id: 'VerifiedEmail' });

export const ResendVerification = z.strictObject({ email: email() }).meta({ id: 'ResendVerification' });
export type ResendVerification = z.output<typeof ResendVerification>;

export const MailSent = z.object({ status: z.literal('sent') }).meta({ id: 'MailSent' });
export type MailSent = z.output<typeof MailSent>;

export const ForgotPassword = z.strictObject({ email: email() }).meta({ id: 'ForgotPassword' });
export type ForgotPassword = z.output<typeof ForgotPassword>;

export const ResetPassword = z
  .strictObject({
    token: text(1, 512).describe('From the mail that auth.forgotPassword sends.'),
    password: newPassword(),
  })
  .meta({ id: 'ResetPassword' });
export type ResetPassword = z.output<typeof ResetPassword>;

const currentPassword = () => text(1, 1024).describe('A session alone is not enough.');

export const ChangePassword = z
  .strictObject({ currentPassword: currentPassword(), newPassword: newPassword() })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.output<typeof ChangePassword>;

export const ChangeEmail = z
  .strictObject({ email: email().describe('The new address.'), currentPassword: currentPassword() })
  .meta({ id: 'ChangeEmail' });
export type ChangeEmail = z.output<typeof ChangeEmail>;

export const EmailToken = z
  .strictObject({ token: text(1, 512).describe('From the mail to the address concerned.') })
  .meta({ id: 'EmailToken' });
export type EmailToken = z.output<typeof EmailToken>;

const loginNames = ['login', 'email', 'username'] as const;

export const Login = z
  .strictObject({
    login: text(1, 254).optional().describe('E-mail address or username.'),
    email: text(1, 254).optional().describe('In place of `login`.'),
    username: text(1, 254).optional().describe('In place of `login`.'),
    password: text(1, 1024),
    ...sessionFields,
  })
  .refine((input) => loginNames.filter((name) => input[name] !== undefined).length === 1, {
    path: ['login'],
    message: 'Give exactly one of login, email and username.',
    // Also run when another field is wrong, so that one answer lists every problem.
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ id: 'Login' });
export type Login = z.output<typeof Login>;

export const Refresh = z.strictObject({ refreshToken: refreshToken() }).meta({ id: 'Refresh' });
export type Refresh = z.output<typeof Refresh>;

export const Logout = z.strictObject({ refreshToken: refreshToken() }).meta({ id: 'Logout' });
export type Logout = z.output<typeof Logout>;

export const SignedIn = z
  .object({
    accessToken: z.string().describe('Send it as `Authorization: Bearer …`.'),
    tokenType: z.literal('Bearer'),
    expiresIn: z.number().int().describe('Seconds until the access token expires.'),
    user: User,
    refreshToken: z
      .string()
      .optional()
      .describe('Only to clients that take it in the body; each one is good for one refresh.'),
  })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.output<typeof SignedIn>;
