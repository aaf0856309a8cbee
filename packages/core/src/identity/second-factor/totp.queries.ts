import type { ReadDoor } from '../../database/read-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { TotpEntity, totpSecret } from './totp.entity.ts';
import { stepOfCode } from './totp.ts';

/** Finds the authenticator app of a user, even if it is disabled. Answers null when there is none, or it was not confirmed. */
export async function findConfirmedTotp(db: ReadDoor, userId: string, options?: { lock: boolean }) {
  const totp = await findRow(db, TotpEntity, { userId }, options);
  return totp && totp.confirmedAt !== null ? totp : null;
}

/** Finds the authenticator app of a user. Answers null when there is none, it was not confirmed, or it is disabled. */
export async function findTotp(db: ReadDoor, userId: string, options?: { lock: boolean }) {
  const totp = await findConfirmedTotp(db, userId, options);
  return totp && totp.disabledAt === null ? totp : null;
}

/** Uses a code of the user's app. Answers whether it was right and newer than the last accepted one. */
export async function takeTotpCode(unit: Unit, userId: string, code: string): Promise<boolean> {
  // The lock lets only one of two parallel requests use a code.
  const totp = await findTotp(unit.db, userId, { lock: true });
  if (!totp) return false;
  const secret = Buffer.from(totpSecret.unseal(unit.ctx.settings, [userId], totp.secret), 'base64url');
  const step = stepOfCode(secret, code, unit.now, totp.lastUsedStep);
  if (step === null) return false;
  await unit.update(TotpEntity, { userId }, { lastUsedStep: step });
  return true;
}
