import { z } from 'zod';
import { instantOut } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { tokenTransport } from '../auth.schema.ts';

/** Six digits, however an app groups them. */
const totpCode = () =>
  z
    .string()
    .overwrite((value) => value.replaceAll(' ', ''))
    .regex(/^\d{6}$/, { message: 'Must be the six digits that the app shows.' })
    .meta({ examples: ['123456'] });

/** How who is signed in shows once more who they are, before what a thief of their session must not do. */
const identityProof = {
  password: text(1, 1024).optional().describe('Of the account. A code of the app does as well.'),
  code: totpCode().optional().describe('Of the authenticator app that is set up already.'),
};
export type IdentityProof = z.output<z.ZodObject<typeof identityProof>>;

export const TotpStart = z.strictObject(identityProof).meta({ id: 'TotpStart' });
export const TotpDisable = z.strictObject(identityProof).meta({ id: 'TotpDisable' });
export const RecoveryCodesRenew = z.strictObject(identityProof).meta({ id: 'RecoveryCodesRenew' });

export const TotpStarted = z
  .object({
    secret: z.string().describe('In base32, to be typed into the app where no picture can be taken.'),
    uri: z.string().describe('`otpauth://totp/…`, to be shown as a QR code.'),
  })
  .meta({ id: 'TotpStarted' });
export type TotpStarted = z.output<typeof TotpStarted>;

export const TotpConfirm = z
  .strictObject({ code: totpCode().describe('The first code of the app.') })
  .meta({ id: 'TotpConfirm' });
export type TotpConfirm = z.output<typeof TotpConfirm>;

export const RecoveryCodes = z
  .object({ recoveryCodes: z.array(z.string()).describe('Ten, each good once. They are never shown again.') })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.output<typeof RecoveryCodes>;

export const SecondFactor = z
  .object({
    totpEnabledAt: instantOut().nullable().describe('Since when signing in asks for a code; null: it does not.'),
    recoveryCodesLeft: z.number().int(),
  })
  .meta({ id: 'SecondFactor', description: 'What signing in asks for beside the password.' });
export type SecondFactor = z.output<typeof SecondFactor>;

const answers = ['code', 'recoveryCode'] as const;

export const SecondFactorVerify = z
  .strictObject({
    challengeToken: text(1, 128).describe('`challenge.token` of the problem `second_factor_required`.'),
    code: totpCode().optional().describe('Of the authenticator app.'),
    recoveryCode: text(1, 64).optional().describe('In place of `code`; dashes, spaces and case do not matter.'),
    deviceId: line(200).optional().describe('What the client calls its device, for the list of sessions.'),
    tokenTransport: tokenTransport(),
  })
  .refine((input) => answers.filter((name) => input[name] !== undefined).length === 1, {
    path: ['code'],
    message: `Give exactly one of ${answers.join(', ')}.`,
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ id: 'SecondFactorVerify' });
export type SecondFactorVerify = z.output<typeof SecondFactorVerify>;
