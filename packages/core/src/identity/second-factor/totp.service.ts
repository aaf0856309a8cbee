import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { ifTaken } from '../../database/failures.ts';
import { read } from '../../database/read-door.ts';
import { findRow } from '../../database/rows.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { defineErrors, errors } from '../../kernel/errors.ts';
import { countPasskeys } from '../passkeys/passkey.queries.ts';
import { requireSignedIn } from '../signed-in.ts';
import { userEvents } from '../user.events.ts';
import { getUser } from '../user.queries.ts';
import { proveIdentity } from './proof.ts';
import { recoveryCodesLeft, renewRecoveryCodesOf } from './recovery-codes.ts';
import type { IdentityProof } from './identity-proof.schema.ts';
import type { RecoveryCodes, SecondFactor, TotpConfirm, TotpStarted } from './second-factor.schema.ts';
import { RecoveryCodeEntity, TotpEntity, totpSecret } from './totp.entity.ts';
import { findConfirmedTotp, findTotp } from './totp.queries.ts';
import { enrolmentOf, newTotpSecret, stepOfCode } from './totp.ts';

export const totpErrors = defineErrors({
  totp_enabled: {
    kind: 'conflict',
    message: 'There is an authenticator app already: disable it first.',
    cause: 'The account has an authenticator app, and it can have one only.',
    remedy: 'Disable the present app before you set up another one.',
  },
  totp_not_started: {
    kind: 'conflict',
    message: 'Start setting up an authenticator app first.',
    cause: 'No authenticator app is being set up for the account.',
    remedy: 'Start to set up an app, scan the code, and confirm it with a code of the app.',
  },
  totp_not_enabled: {
    kind: 'conflict',
    message: 'There is no authenticator app.',
    cause: 'The account has no authenticator app.',
    remedy: 'Set up an authenticator app first.',
  },
});

/** Reads which second factors the signed-in user has. @throws `unauthenticated` */
export async function getSecondFactor(ctx: ServiceContext): Promise<SecondFactor> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, async (db) => {
    const totp = await findConfirmedTotp(db, userId);
    const totpDisabledAt = totp?.disabledAt ?? null;
    return {
      totpEnabledAt: totpDisabledAt === null ? (totp?.confirmedAt ?? null) : null,
      totpDisabledAt,
      recoveryCodesLeft: totpDisabledAt === null ? await recoveryCodesLeft(db, userId) : 0,
      passkeys: await countPasskeys(db, userId),
    };
  });
}

/**
 * Makes the secret of a new authenticator app. Signing in does not ask for codes until a first code confirms it. It replaces an
 * unconfirmed secret, and an app that is disabled.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `totp_enabled`
 */
export async function startTotp(ctx: ServiceContext, proof: IdentityProof): Promise<TotpStarted> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  const secret = newTotpSecret();
  return mutate(ctx, async (unit) => {
    await unit.db
      .deleteFrom('totp_credentials')
      .where('user_id', '=', userId)
      .where((where) => where.or([where('confirmed_at', 'is', null), where('disabled_at', 'is not', null)]))
      .execute();
    const sealed = totpSecret.seal(ctx.settings, [userId], secret.toString('base64url'));
    const added = unit.insert(TotpEntity, { userId, secret: sealed, createdAt: unit.now });
    await added.catch(ifTaken(totpErrors.totp_enabled));
    const { email } = await getUser(unit.db, userId);
    return enrolmentOf(ctx.settings.publicUrl, email, secret);
  });
}

/**
 * Confirms the app with its first code. From now on, signing in asks for codes. Answers the recovery codes.
 * @throws `unauthenticated`, `totp_not_started`, `totp_enabled`, `validation_failed` at `code`
 */
export async function confirmTotp(ctx: ServiceContext, { code }: TotpConfirm): Promise<RecoveryCodes> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const totp = await findRow(unit.db, TotpEntity, { userId }, { lock: true });
    if (!totp || totp.disabledAt !== null) throw totpErrors.totp_not_started();
    if (totp.confirmedAt !== null) throw totpErrors.totp_enabled();
    const secret = Buffer.from(totpSecret.unseal(ctx.settings, [userId], totp.secret), 'base64url');
    const step = stepOfCode(secret, code, unit.now, null);
    if (step === null)
      throw errors.validation_failed({ field: ['code'], message: 'This is not the code that the app shows now.' });
    await unit.update(TotpEntity, { userId }, { confirmedAt: unit.now, lastUsedStep: step });
    await recordEvents(unit, userEvents.totp_enabled.about(userId, { data: {} }));
    return { recoveryCodes: await renewRecoveryCodesOf(unit, userId) };
  });
}

/** Locks the confirmed app of a user until commit. @throws `totp_not_enabled` */
async function lockEnabledTotp(unit: Unit, userId: string): Promise<void> {
  if (!(await findTotp(unit.db, userId, { lock: true }))) throw totpErrors.totp_not_enabled();
}

/**
 * Enables the app again that was disabled because a change of the address was undone, with its recovery codes.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `totp_not_enabled` when there is none
 */
export async function enableTotp(ctx: ServiceContext, proof: IdentityProof): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  await mutate(ctx, async (unit) => {
    const totp = await findConfirmedTotp(unit.db, userId, { lock: true });
    if (!totp) throw totpErrors.totp_not_enabled();
    if (totp.disabledAt === null) return;
    await unit.update(TotpEntity, { userId }, { disabledAt: null });
    await recordEvents(unit, userEvents.totp_restored.about(userId, { data: {} }));
  });
}

/** Removes the app, even if it is disabled, and the recovery codes of a user. @throws `totp_not_enabled` */
export async function removeTotpOf(unit: Unit, userId: string): Promise<void> {
  if (!(await findConfirmedTotp(unit.db, userId, { lock: true }))) throw totpErrors.totp_not_enabled();
  await unit.delete(TotpEntity, { userId });
  await unit.delete(RecoveryCodeEntity, { userId });
}

/**
 * Removes the app and the recovery codes, so that signing in asks for the password alone.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `totp_not_enabled`
 */
export async function disableTotp(ctx: ServiceContext, proof: IdentityProof): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  await mutate(ctx, async (unit) => {
    await removeTotpOf(unit, userId);
    await recordEvents(unit, userEvents.totp_disabled.about(userId, { data: {} }));
  });
}

/**
 * Answers ten new recovery codes. The old ones no longer work.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `totp_not_enabled`
 */
export async function renewRecoveryCodes(ctx: ServiceContext, proof: IdentityProof): Promise<RecoveryCodes> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  return mutate(ctx, async (unit) => {
    // The lock keeps parallel requests from leaving more than ten codes.
    await lockEnabledTotp(unit, userId);
    await recordEvents(unit, userEvents.recovery_codes_renewed.about(userId, { data: {} }));
    return { recoveryCodes: await renewRecoveryCodesOf(unit, userId) };
  });
}
