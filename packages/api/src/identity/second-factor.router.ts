import {
  confirmTotp,
  disableTotp,
  enableTotp,
  getSecondFactor,
  proofErrors,
  RecoveryCodes,
  RecoveryCodesRenew,
  renewRecoveryCodes,
  SecondFactor,
  startTotp,
  TotpConfirm,
  TotpDisable,
  TotpEnable,
  totpErrors,
  TotpStart,
  TotpStarted,
} from '@tenon/core';
import { heading } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Second factor',
  description: 'What signing in asks for beside the password.',
  group: 'Signing in',
  guide: 'second-factor',
});

const { identity_not_proven } = proofErrors;
const { totp_enabled, totp_not_started, totp_not_enabled } = totpErrors;

/** These operations answer secrets and need a fresh proof each time, so an Idempotency-Key or a Dry-Run has no use. */
const mutationHeaders = false;

const proof =
  'Needs the password or a code of the app; who has neither must have signed in within the last ten minutes.';

/** Part of the `auth` router. */
export const secondFactorOperations = {
  getSecondFactor: query({
    rest: 'GET /auth/second-factor',
    access: 'user',
    summary: 'Read what signing in asks you for',
    output: SecondFactor,
    run: getSecondFactor,
  }),
  startTotp: mutation({
    rest: 'POST /auth/totp/start',
    access: 'user',
    summary: 'Begin to set up an authenticator app',
    description: `Show \`uri\` as a QR code, then send the first code to auth.confirmTotp. ${proof}`,
    mutationHeaders,
    input: TotpStart,
    output: TotpStarted,
    problems: [identity_not_proven, totp_enabled],
    run: startTotp,
  }),
  confirmTotp: mutation({
    rest: 'POST /auth/totp/confirm',
    access: 'user',
    summary: 'Finish setting up an authenticator app',
    description: 'From now on signing in asks for a code. The recovery codes in the answer are shown this once.',
    mutationHeaders,
    input: TotpConfirm,
    output: RecoveryCodes,
    problems: [totp_enabled, totp_not_started],
    run: confirmTotp,
  }),
  disableTotp: mutation({
    rest: 'POST /auth/totp/disable',
    access: 'user',
    summary: 'Remove the authenticator app',
    description: `Signing in asks for the password alone again, and the recovery codes are gone. ${proof}`,
    mutationHeaders,
    input: TotpDisable,
    problems: [identity_not_proven, totp_not_enabled],
    run: disableTotp,
  }),
  enableTotp: mutation({
    rest: 'POST /auth/totp/enable',
    access: 'user',
    summary: 'Enable the authenticator app again',
    description: `An app is disabled when a change of your address is undone that came before it. Its recovery codes work again too. ${proof}`,
    mutationHeaders,
    input: TotpEnable,
    problems: [identity_not_proven, totp_not_enabled],
    run: enableTotp,
  }),
  renewRecoveryCodes: mutation({
    rest: 'POST /auth/recovery-codes',
    access: 'user',
    summary: 'Get new recovery codes',
    description: `Those before are worth nothing any more. ${proof}`,
    mutationHeaders,
    input: RecoveryCodesRenew,
    output: RecoveryCodes,
    problems: [identity_not_proven, totp_not_enabled],
    run: renewRecoveryCodes,
  }),
};
