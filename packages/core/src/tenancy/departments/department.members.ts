import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireMember } from '../memberships/membership.queries.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import type { DepartmentMember, DepartmentMemberListInput, DepartmentMemberPath } from './department.schema.ts';
import { inDepartments } from './department.queries.ts';
import { departmentMembers, departments } from './department.record.ts';

/**
 * Lists the members of a department, the last added first. With `subtree`, also lists those of the departments below it.
 * @throws `department_not_found`
 */
export async function listDepartmentMembers(
  ctx: ServiceContext,
  input: DepartmentMemberListInput,
): Promise<Page<DepartmentMember>> {
  authorize(ctx, 'department:read');
  const { id, subtree } = input;
  return read(ctx, async (db) => {
    await departments.get(db, id);
    const within = await inDepartments(db, 'department_members.department_id', [id], subtree);
    const query = departmentMembers.from(db).where(within);
    return departmentMembers.page(ctx, db, input, query, `members of department ${id} ${subtree}`);
  });
}

/**
 * Moves a member into this department, out of the one before. The department's version stays the same.
 * @throws `permission_denied`, `department_not_found`, `member_not_found`
 */
export async function addDepartmentMember(
  ctx: ServiceContext,
  { id, userId }: DepartmentMemberPath,
): Promise<DepartmentMember> {
  authorize(ctx, 'department:update');
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    await departments.refer(unit, id);
    await requireMember(unit, userId, 'userId');
    const [before] = await departmentMembers.lockMany(unit, { userId });
    if (before?.departmentId === id) return departmentMembers.answer(unit.db, before);
    if (before) await departmentMembers.remove(unit, before);
    return departmentMembers.answer(unit.db, await departmentMembers.add(unit, { departmentId: id, userId }));
  });
}

/**
 * Takes a member out of their department.
 * @throws `permission_denied`, `department_not_found`, `member_not_found`
 */
export async function removeDepartmentMember(ctx: ServiceContext, { id, userId }: DepartmentMemberPath): Promise<void> {
  authorize(ctx, 'department:update');
  await mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    await departments.refer(unit, id);
    await departmentMembers.remove(unit, await departmentMembers.lock(unit, { departmentId: id, userId }));
  });
}

/** Takes a departing member out of their department, also as a head. The caller must have locked the organization row. */
export async function leaveDepartments(unit: Unit, userId: string): Promise<void> {
  await departmentMembers.removeMany(unit, await departmentMembers.lockMany(unit, { userId }));
  const led = await departments.lockMany(unit, { headUserId: userId });
  await departments.changeMany(unit, led, { headUserId: null });
}
