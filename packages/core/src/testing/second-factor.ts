import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { renewRecoveryCodesOf } from '../identity/second-factor/recovery-codes.ts';
import { TotpEntity, totpSecret } from '../identity/second-factor/totp.entity.ts';
import { newTotpSecret, totpCodeAt } from '../identity/second-factor/totp.ts';
import type { Platform } from '../platform.ts';

/** An authenticator app. */
export interface TestApp {
  /** The code that it shows now. */
  code(): string;
}

/** Takes the app and the recovery codes of a user away. */
export const removeTotp = (platform: Platform, userId: string): Promise<void> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), async ({ db }) => {
    await db.deleteFrom('totp_credentials').where('user_id', '=', userId).execute();
    await db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
  });

/** Gives a user a new app in the place of any other; a pending one waits for its first code. */
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
