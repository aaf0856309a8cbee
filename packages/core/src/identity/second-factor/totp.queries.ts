import type { ReadDoor } from '../../database/read-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { totpSecret } from './totp.entity.ts';
import { stepOfCode } from './totp.ts';

const totpOf = (db: ReadDoor, userId: string) =>
  db
    .selectFrom('totp_credentials')
    .select(['user_id as userId', 'secret', 'last_used_step as lastUsedStep', 'confirmed_at as confirmedAt'])
    .where('user_id', '=', userId);

/** Finds the authenticator app of a user. Answers null when there is none, or it was not confirmed. */
export async function findTotp(db: ReadDoor, userId: string) {
  return (await totpOf(db, userId).where('confirmed_at', 'is not', null).executeTakeFirst()) ?? null;
}

/** Locks the authenticator app of a user until commit, whether or not it is confirmed. SQLite has one writer and needs no lock. */
export async function lockTotp({ db }: Unit, userId: string) {
  const rows = totpOf(db, userId);
  return (db.dialect === 'sqlite' ? rows : rows.forUpdate()).executeTakeFirst();
}

/** Uses a code of the user's app. Answers whether it was right and newer than the last accepted one. */
export async function takeTotpCode(unit: Unit, userId: string, code: string): Promise<boolean> {
  const totp = await findTotp(unit.db, userId);
  if (!totp) return false;
  const secret = Buffer.from(totpSecret.unseal(unit.ctx.settings, [userId], totp.secret), 'base64url');
  const step = stepOfCode(secret, code, unit.now, totp.lastUsedStep);
  if (step === null) return false;
  // Of two parallel requests with the same code, one fails.
  const { numUpdatedRows } = await unit.db
    .updateTable('totp_credentials')
    .set({ last_used_step: step })
    .where('user_id', '=', userId)
    .where((where) => where.or([where('last_used_step', 'is', null), where('last_used_step', '<', step)]))
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}
