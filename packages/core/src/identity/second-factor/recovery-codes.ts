import { randomBytes } from 'node:crypto';
import { countOf } from '../../database/paging.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { hashOf } from '../secret.ts';
import { RecoveryCodeEntity } from './totp.entity.ts';

const codes = 10;

/** Crockford's base32: no letters that look like digits. Each character has five bits. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** 80 bits: too many to guess, even with a copy of the hashes. */
const length = 16;

const newCode = (): string =>
  Array.from(randomBytes(length), (byte) => alphabet.charAt(byte % alphabet.length))
    .join('')
    .replaceAll(/.{4}(?=.)/g, '$&-');

/** Accepts the ways in which people copy a code from paper. */
const normalized = (code: string): string =>
  code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');

const hashOfCode = (userId: string, code: string): string => hashOf(`${userId} ${normalized(code)}`);

/** Replaces all codes of a user with ten new ones. They are in plain text only here. */
export async function renewRecoveryCodesOf(unit: Unit, userId: string): Promise<string[]> {
  await unit.delete(RecoveryCodeEntity, { userId });
  const made = Array.from({ length: codes }, newCode);
  const rows = made.map((code) => ({ hash: hashOfCode(userId, code), userId, createdAt: unit.now }));
  await unit.insert(RecoveryCodeEntity, ...rows);
  return made;
}

/** How many unused codes a user has. */
export const recoveryCodesLeft = (db: ReadDoor, userId: string): Promise<number> =>
  countOf(db.selectFrom('recovery_codes').where('user_id', '=', userId).where('used_at', 'is', null));

/** Uses a code. Answers whether it was an unused code of the user. */
export async function takeRecoveryCode({ db, now }: Unit, userId: string, code: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('recovery_codes')
    .set({ used_at: now })
    // The hash includes the user id, so a code of another user never matches.
    .where('hash', '=', hashOfCode(userId, code))
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}
