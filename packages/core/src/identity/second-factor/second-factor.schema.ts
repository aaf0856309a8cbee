import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { input, instantOut, oneOf, output } from '../../kernel/schemas.ts';
import { text } from '../../kernel/text.ts';
import { AuthenticationResponse } from '../passkeys/passkey.schema.ts';
import { sessionFields } from '../session.schema.ts';
import { identityProof, totpCode } from './identity-proof.schema.ts';

export const TotpStart = input('TotpStart', identityProof);
export const TotpDisable = input('TotpDisable', identityProof);
export const TotpEnable = input('TotpEnable', identityProof);
export const RecoveryCodesRenew = input('RecoveryCodesRenew', identityProof);

export const TotpStarted = output('TotpStarted', {
  secret: secret(z.string()).describe('In base32, to be typed into the app where no picture can be taken.'),
  uri: secret(z.string()).describe('`otpauth://totp/…`, to be shown as a QR code.'),
});
export type TotpStarted = z.output<typeof TotpStarted>;

export const TotpConfirm = input('TotpConfirm', { code: totpCode().describe('The first code of the app.') });
export type TotpConfirm = z.output<typeof TotpConfirm>;

export const RecoveryCodes = output('RecoveryCodes', {
  recoveryCodes: z.array(secret(z.string())).describe('Ten, each good once. They are never shown again.'),
});
export type RecoveryCodes = z.output<typeof RecoveryCodes>;

export const SecondFactor = z
  .object({
    totpEnabledAt: instantOut().nullable().describe('Since when signing in asks for a code; null: it does not.'),
    totpDisabledAt: instantOut()
      .nullable()
      .describe('Since when an app does not count, because a change of your address was undone that came before it.'),
    recoveryCodesLeft: z.number().int().describe('How many unused recovery codes are left.'),
    passkeys: z.number().int().describe('They sign in without a password, and answer for the app.'),
  })
  .meta({ id: 'SecondFactor', description: 'What signing in asks for beside the password.' });
export type SecondFactor = z.output<typeof SecondFactor>;

export const SecondFactorVerify = oneOf(
  z.strictObject({
    challengeToken: secret(text(1, 128)).describe('`challenge.token` of the problem `second_factor_required`.'),
    code: totpCode().optional().describe('The code that the authenticator app shows.'),
    recoveryCode: secret(text(1, 64))
      .optional()
      .describe('A recovery code, instead of `code`. Dashes, spaces and case do not matter.'),
    passkey: AuthenticationResponse.optional(),
    ...sessionFields,
  }),
  ['code'],
  ['recoveryCode'],
  ['passkey'],
).meta({ id: 'SecondFactorVerify' });
export type SecondFactorVerify = z.output<typeof SecondFactorVerify>;
