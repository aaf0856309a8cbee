import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { defineErrors, type SignInChallenge } from '../../kernel/errors.ts';
import { CredentialEntity } from '../credential.entity.ts';
import { applyLogin, type ProvenLogin } from '../login.service.ts';
import { type ProvenPasskey, spendPasskey, verifyPasskey } from '../passkeys/passkey-sign-in.service.ts';
import { countPasskeys } from '../passkeys/passkey.queries.ts';
import { hashOf } from '../secret.ts';
import { accountBudget, addressBudgets, type Budget, decideGuess, requireTries } from '../throttle.ts';
import { userEvents } from '../user.events.ts';
import {
  type Challenge,
  challengeErrors,
  countWrongAnswer,
  findChallenge,
  openChallenge,
  takeChallenge,
} from './challenge.ts';
import { codeBudgets } from './proof.ts';
import { recoveryCodesLeft, takeRecoveryCode } from './recovery-codes.ts';
import type { SecondFactorVerify } from './second-factor.schema.ts';
import { findTotp, takeTotpCode } from './totp.queries.ts';

export const secondFactorErrors = defineErrors({
  second_factor_required: {
    kind: 'forbidden',
    message: 'The password is right. Answer the challenge with a second factor to sign in.',
    cause:
      'The password is right, and the account has a second factor. `challenge` has a token and the accepted methods.',
    remedy:
      'Send the token of `challenge` with a code, a recovery code or a passkey to `POST /api/v1/auth/second-factor`, before `expiresAt`.',
  },
  second_factor_failed: {
    kind: 'unauthenticated',
    message: 'The code is wrong, was used already, or is too old.',
    cause: 'The code does not match, was used already, or is too old.',
    remedy: 'Send the code that the app shows now, or a recovery code. Check the clock of the device.',
  },
});

/**
 * Asks for a second factor after the password, if the user has set one up. Runs behind the identity door.
 * @returns null for a user who signs in with the password alone
 */
export async function askForSecondFactor(unit: Unit, proven: ProvenLogin): Promise<SignInChallenge | null> {
  const { userId, passwordHash, betterHash } = proven;
  if (!(await findTotp(unit.db, userId))) return null;
  await applyLogin(unit, proven);
  const proof = hashOf(betterHash ?? passwordHash);
  const { token, expiresAt } = await openChallenge(unit, 'second_factor', userId, proof);
  const hasPasskeys = (await countPasskeys(unit.db, userId)) > 0;
  const methods = ['totp', 'recovery_code', ...(hasPasskeys ? ['passkey'] : [])];
  return { token, methods, expiresAt };
}

/** An answer whose code has not been checked yet. */
export interface SecondFactorAttempt {
  challenge: Challenge;
  userId: string;
  input: SecondFactorVerify;
  /** Set when a passkey answers. */
  passkey: ProvenPasskey | null;
  budgets: readonly Budget[];
}

/** The budgets for a wrong answer of this kind. A passkey has none, because nobody can guess it. */
function accountBudgets(ctx: ServiceContext, userId: string, input: SecondFactorVerify): Budget[] {
  if (input.code !== undefined) return codeBudgets(ctx, userId);
  return input.recoveryCode === undefined ? [] : [accountBudget(ctx, 'recovery-code', userId)];
}

/**
 * Finds the challenge of an answer, and verifies the answer if it is that of a passkey.
 * @throws `invalid_challenge`, `rate_limited`, `passkey_failed`
 */
export async function attemptSecondFactor(
  ctx: ServiceContext,
  input: SecondFactorVerify,
): Promise<SecondFactorAttempt> {
  const challenge = await findChallenge(ctx, input.challengeToken, 'second_factor');
  const { userId } = challenge;
  if (userId === null) throw challengeErrors.invalid_challenge();
  const budgets = [...addressBudgets(ctx, 'login'), ...accountBudgets(ctx, userId, input)];
  await requireTries(ctx, budgets);
  if (!input.passkey) return { challenge, userId, input, passkey: null, budgets };
  const verified = verifyPasskey(ctx, challenge, input.passkey);
  const passkey = await verified.catch(async (error: unknown) => {
    await writeThroughIdentityDoor(ctx, (unit) => decideGuess(unit, budgets, false));
    throw error;
  });
  return { challenge, userId, input, passkey, budgets };
}

async function isRight(unit: Unit, { userId, input, passkey }: SecondFactorAttempt): Promise<boolean> {
  if (passkey) {
    await spendPasskey(unit, passkey);
    return true;
  }
  if (input.code !== undefined) return takeTotpCode(unit, userId, input.code);
  const taken = await takeRecoveryCode(unit, userId, input.recoveryCode ?? '');
  if (!taken) return false;
  const left = await recoveryCodesLeft(unit.db, userId);
  await recordEvents(unit, userEvents.recovery_code_used.about(userId, { data: { left }, actorId: userId }));
  return true;
}

/**
 * Checks an answer. A right one consumes the challenge and completes the login. A wrong one is counted and recorded, so the caller must
 * commit. Runs behind the identity door.
 * @returns null for a wrong answer
 * @throws `rate_limited`, and `invalid_challenge` when it was answered meanwhile, or the password has changed since the login
 */
export async function passSecondFactor(unit: Unit, answer: SecondFactorAttempt): Promise<ProvenLogin | null> {
  const { challenge, userId, budgets } = answer;
  const right = await isRight(unit, answer);
  await decideGuess(unit, budgets, right);
  if (!right) {
    await countWrongAnswer(unit, challenge);
    const data = { address: unit.ctx.address };
    // The actor is null until an answer has proven who the user is.
    await recordEvents(unit, userEvents.second_factor_failed.about(userId, { data, actorId: null }));
    return null;
  }
  await takeChallenge(unit, challenge);
  const credential = await findRow(unit.db, CredentialEntity, { userId });
  if (!credential || hashOf(credential.passwordHash) !== challenge.proof) throw challengeErrors.invalid_challenge();
  return { userId, passwordHash: credential.passwordHash, betterHash: null };
}
