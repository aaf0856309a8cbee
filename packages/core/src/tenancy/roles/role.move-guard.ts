import { anyOf } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Principal } from '../../kernel/principal.ts';
import { readRoles } from './role.hierarchy.ts';
import { type Extent, refuseBeyondOwn } from './role.rules.ts';

/**
 * Throws unless the caller may move a team or a department below the departments that it enters. A role that somebody has in one
 * of them covers the moved part too, so the caller's own roles must allow as much there. The caller must have locked the
 * organization row.
 * @param entered the ids of the departments above the new place that are not above the old one
 * @throws `role_exceeds_own`
 */
export async function refuseReachBeyondOwn(
  unit: Unit,
  principal: Principal,
  place: Extent['scope'],
  entered: readonly string[],
): Promise<void> {
  if (entered.length === 0) return;
  const held = await unit.db
    .selectFrom('role_assignments')
    .select(['role_assignments.role_id as roleId', 'role_assignments.valid_to as validTo'])
    .where(anyOf(unit.db.dialect, 'role_assignments.department_id', entered))
    .execute();
  const hierarchy = await readRoles(unit.db);
  for (const { roleId, validTo: ends } of held) {
    const role = hierarchy.get(roleId);
    const validTo = ends === null ? null : new Date(ends);
    if (role && (!validTo || validTo > unit.now)) refuseBeyondOwn(principal, [role], { scope: place, validTo });
  }
}
