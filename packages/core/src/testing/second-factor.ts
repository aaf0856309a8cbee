import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { addPasskey } from '../identity/passkeys/passkey.service.ts';
import { challengeOf, relyingPartyOf, userHandleOf } from '../identity/passkeys/relying-party.ts';
import { openChallenge } from '../identity/second-factor/challenge.ts';
import { renewRecoveryCodesOf } from '../identity/second-factor/recovery-codes.ts';
import { TotpEntity, totpSecret } from '../identity/second-factor/totp.entity.ts';
import { newTotpSecret, totpCodeAt } from '../identity/second-factor/totp.ts';
import type { Platform } from '../platform.ts';
import { TestAuthenticator } from './authenticator.ts';

/** An authenticator app. */
export interface TestApp {
  /** The code that the app shows now. */
  code(): string;
}

/** Removes the app and the recovery codes of a user. */
export const removeTotp = (platform: Platform, userId: string): Promise<void> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), async ({ db }) => {
    await db.deleteFrom('totp_credentials').where('user_id', '=', userId).execute();
    await db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
  });

/** Sets up a new app for a user and removes any other. A pending one waits for its first code. */
export async function enrolTotp(
  platform: Platform,
  userId: string,
  { pending = false } = {},
): Promise<TestApp & { recoveryCodes: readonly string[] }> {
  const secret = newTotpSecret();
  await removeTotp(platform, userId);
  const recoveryCodes = await writeThroughIdentityDoor(platform.context({ principal: null }), async (unit) => {
    await unit.insert(TotpEntity, {
      userId,
      secret: totpSecret.seal(platform.settings, [userId], secret.toString('base64url')),
      createdAt: unit.now,
      confirmedAt: pending ? null : unit.now,
    });
    return pending ? [] : renewRecoveryCodesOf(unit, userId);
  });
  return { code: () => totpCodeAt(secret, platform.clock.now()), recoveryCodes };
}

/** Registers a passkey for a user, without a session. Answers its id. */
export async function enrolPasskey(
  platform: Platform,
  userId: string,
  authenticator = new TestAuthenticator(),
): Promise<string> {
  const ctx = platform.context({ principal: null });
  const { token } = await writeThroughIdentityDoor(ctx, (unit) => openChallenge(unit, 'passkey_registration', userId));
  const { id } = relyingPartyOf(platform.settings);
  const options = { challenge: challengeOf(token), rp: { id }, user: { id: userHandleOf(userId) } };
  const principal = { userId, sessionId: null, emailVerified: true, organizationId: null, grants: [] };
  const response = authenticator.create(options);
  return (await addPasskey(platform.context({ principal }), { challengeToken: token, response })).id;
}

/** Removes the passkeys of a user, except the newest `kept` ones. */
export const removePasskeys = (platform: Platform, userId: string, kept = 0): Promise<void> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), async ({ db }) => {
    const newest = db
      .selectFrom('passkeys')
      .select('id')
      .where('user_id', '=', userId)
      .orderBy('id', 'desc')
      .limit(kept);
    await db.deleteFrom('passkeys').where('user_id', '=', userId).where('id', 'not in', newest).execute();
  });

/** Disables the app and the newest passkey of a user, as undoing a change of the address does. */
export const disableAdded = (platform: Platform, userId: string): Promise<void> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), async ({ db, now }) => {
    const newest = db.selectFrom('passkeys').select('id').where('user_id', '=', userId).orderBy('id', 'desc').limit(1);
    await db.updateTable('passkeys').set({ disabled_at: now }).where('id', 'in', newest).execute();
    await db.updateTable('totp_credentials').set({ disabled_at: now }).where('user_id', '=', userId).execute();
  });
