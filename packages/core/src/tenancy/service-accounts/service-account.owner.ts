import type { Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { ownerKey } from '../roles/role.rules.ts';

/** @throws `validation_failed` */
export function refuseOwning(keys: readonly string[], field: readonly string[]): void {
  if (keys.includes(ownerKey))
    throw errors.validation_failed({ field, message: 'A service account owns no organization.' });
}

/**
 * Refuses to make a service account an owner: somebody must be there who can sign in.
 * @throws `validation_failed`
 */
export async function refuseServiceOwner(
  unit: Unit,
  userId: string,
  keys: readonly string[],
  field: readonly string[],
): Promise<void> {
  if (!keys.includes(ownerKey)) return;
  const user = await unit.db.selectFrom('users').select('users.kind').where('users.id', '=', userId).executeTakeFirst();
  if (user?.kind === 'service') refuseOwning(keys, field);
}
