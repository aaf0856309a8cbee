import { anyOf } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Principal } from '../../kernel/principal.ts';
import { idsOf } from '../departments/department.path.ts';
import { readRoles } from './role.hierarchy.ts';
import { type Holding, refuseBeyondOwn } from './role.rules.ts';

/** A team or a department that is moved, from below one department to below another, by their paths. Empty is the top. */
export interface Move {
  place: Holding['scope'];
  from: string;
  to: string;
}

/**
 * Refuses to move a part of the organization to where roles are held that allow more there than the caller may do there: who
 * holds them would come to hold them in it as well. Inside a unit that holds the organization.
 * @throws `role_exceeds_own`
 */
export async function refuseReachBeyondOwn(unit: Unit, principal: Principal, { place, from, to }: Move): Promise<void> {
  const before = idsOf(from);
  const entered = idsOf(to).filter((id) => !before.includes(id));
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
