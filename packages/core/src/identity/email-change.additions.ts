import { sql } from 'kysely';
import type { Unit } from '../database/unit-of-work.ts';
import { defineHooks } from '../kernel/hooks.ts';
import type { DisabledAddition } from './user.events.ts';

/** A change of an address that is being undone. */
export interface UndoneChange {
  userId: string;
  /** When the change was asked for. Whatever came to the account since then may be a thief's. */
  since: Date;
  /** Takes what has been disabled, for the event and the mail. */
  disabled: DisabledAddition[];
}

/** Runs when a change of an address is undone. Later contexts disable what their rows added to the account. */
export const emailChangeUndoing = defineHooks<[unit: Unit, change: UndoneChange]>();

/**
 * Disables the ways to sign in that came to an account since a change of its address: whoever took the account over may have added
 * them. Nothing is deleted that the owner could have added and cannot add again. The caller must have locked the user.
 */
export async function disableAdditions(unit: Unit, userId: string, since: Date): Promise<DisabledAddition[]> {
  const { db, now } = unit;
  const passkeys = await db
    .updateTable('passkeys')
    .set({ disabled_at: now })
    .where('user_id', '=', userId)
    .where('disabled_at', 'is', null)
    .where(sql<boolean>`created_at >= ${since}`)
    .returning('name')
    .execute();
  const identities = await db
    .updateTable('user_identities')
    .set({ disabled_at: now })
    .where('user_id', '=', userId)
    .where('disabled_at', 'is', null)
    .where(sql<boolean>`created_at >= ${since}`)
    .returning('issuer as name')
    .execute();
  const disabled: DisabledAddition[] = [
    ...passkeys.map(({ name }) => ({ kind: 'passkey' as const, name })),
    ...identities.map(({ name }) => ({ kind: 'identity' as const, name })),
    ...(await disableSecondFactor(unit, userId, since)),
  ];
  await emailChangeUndoing.run(unit, { userId, since, disabled });
  return disabled;
}

/** Disables an app that was confirmed since then. Deletes the newer recovery codes of an older app: the owner makes others. */
async function disableSecondFactor({ db, now }: Unit, userId: string, since: Date): Promise<DisabledAddition[]> {
  await db.deleteFrom('totp_credentials').where('user_id', '=', userId).where('confirmed_at', 'is', null).execute();
  const app = await db
    .updateTable('totp_credentials')
    .set({ disabled_at: now })
    .where('user_id', '=', userId)
    .where('disabled_at', 'is', null)
    .where(sql<boolean>`confirmed_at >= ${since}`)
    .returning('user_id')
    .execute();
  if (app.length > 0) return [{ kind: 'totp', name: null }];
  const codes = await db
    .deleteFrom('recovery_codes')
    .where('user_id', '=', userId)
    .where(sql<boolean>`created_at >= ${since}`)
    // Those of an app that is disabled already stay with it.
    .where(
      'user_id',
      'not in',
      db.selectFrom('totp_credentials').select('user_id').where('disabled_at', 'is not', null),
    )
    .returning('hash')
    .execute();
  return codes.length > 0 ? [{ kind: 'recovery_codes', name: null }] : [];
}
