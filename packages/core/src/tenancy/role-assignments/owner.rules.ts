import { ownerKey } from '../../access/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { everywhere } from './role-assignment.entity.ts';

/** Whether another active person owns the organization. */
export async function hasAnotherOwner(unit: Unit, organizationId: string, userId: string): Promise<boolean> {
  const other = await unit.db
    .selectFrom('role_assignments')
    .innerJoin('roles', 'roles.id', 'role_assignments.role_id')
    .innerJoin('memberships', 'memberships.user_id', 'role_assignments.user_id')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.user_id')
    .where('roles.key', '=', ownerKey)
    // Behind the identity door no wall keeps the owners of other organizations out.
    .where('role_assignments.organization_id', '=', organizationId)
    .where('role_assignments.scope_key', '=', everywhere)
    .where('role_assignments.valid_to', 'is', null)
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '=', 'active')
    .where('users.is_active', '=', true)
    .where('users.kind', '=', 'person')
    .where('memberships.user_id', '<>', userId)
    .limit(1)
    .executeTakeFirst();
  return other !== undefined;
}

/** Throws unless another active person owns the organization. @throws `last_owner` */
export async function requireAnotherOwner(unit: Unit, organizationId: string, userId: string): Promise<void> {
  if (!(await hasAnotherOwner(unit, organizationId, userId))) throw tenancyErrors.last_owner();
}

/** Throws if the roles of a service account include the owner's. @throws `validation_failed` */
export function refuseOwning(keys: readonly string[], field: readonly string[]): void {
  if (keys.includes(ownerKey))
    throw errors.validation_failed({ field, message: 'A service account owns no organization.' });
}

/**
 * Throws if this would make a service account an owner: an owner must be able to sign in.
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
