import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import { requireMember } from '../memberships/membership.queries.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { refuseReachBeyondOwn } from '../roles/role.move-guard.ts';
import { departmentErrors, departments } from './department.record.ts';
import { departmentEvents } from './department.events.ts';
import { depthOf, depthOfLength, enteredIds, isWithinPath, maxDepth, pathOf } from './department.path.ts';
import type { Department, DepartmentCreate, DepartmentMove, DepartmentUpdate } from './department.schema.ts';

// Every mutation locks the organization: changes of the tree, and of who belongs to it, happen one after the other.

/** Returns the path of a department below a parent, and locks the parent until commit. @throws `department_not_found` */
async function pathBelow(unit: Unit, parentId: string | null | undefined, id: string): Promise<string> {
  const parent = parentId ? await departments.refer(unit, parentId, 'parentId') : null;
  return pathOf(parent?.pathSort ?? '', id);
}

/**
 * Creates a department at the top or below another.
 * @throws `permission_denied`, `department_not_found` for the parent, `member_not_found` for the head, `department_name_taken`,
 * `department_too_deep`
 */
export async function createDepartment(ctx: ServiceContext, input: DepartmentCreate): Promise<Department> {
  authorize(ctx, 'department:create');
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    const id = uuidv7();
    const pathSort = await pathBelow(unit, input.parentId, id);
    if (input.headUserId) await requireMember(unit, input.headUserId, 'headUserId');
    if (depthOf(pathSort) > maxDepth) throw departmentErrors.department_too_deep({ field: ['parentId'] });
    return departments.answer(unit.db, await departments.add(unit, { ...input, id, pathSort }));
  });
}

/**
 * Changes the given fields; null clears a field.
 * @throws `permission_denied`, `department_not_found`, `version_conflict`, `member_not_found` for the head,
 * `department_name_taken`
 */
export async function updateDepartment(ctx: ServiceContext, { id, ...fields }: DepartmentUpdate): Promise<Department> {
  authorize(ctx, 'department:update');
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    const department = await departments.lock(unit, id);
    if (fields.headUserId) await requireMember(unit, fields.headUserId, 'headUserId');
    const { after } = await departments.change(unit, department, fields);
    return departments.answer(unit.db, after);
  });
}

/** @throws `department_too_deep` when a department below would get deeper than the limit */
async function refuseTooDeep(unit: Unit, from: string, to: string): Promise<void> {
  const deeper = depthOf(to) - depthOf(from);
  if (deeper <= 0) return;
  const { longest } = await unit.db
    .selectFrom('departments')
    .select(sql<number>`max(length(departments.path_sort))`.as('longest'))
    .where(isWithinPath('departments.path_sort', from))
    .executeTakeFirstOrThrow();
  if (depthOfLength(longest) + deeper > maxDepth) throw departmentErrors.department_too_deep({ field: ['parentId'] });
}

/**
 * Moves a department, with everything below it, under another or to the top. Only its own version rises.
 * @throws `permission_denied`, `department_not_found` (also for the parent), `version_conflict`, `department_cycle`,
 * `department_too_deep`, `department_name_taken`, `role_exceeds_own` where somebody's roles at the new place allow more than the
 * caller's
 */
export async function moveDepartment(ctx: ServiceContext, { id, parentId }: DepartmentMove): Promise<Department> {
  authorize(ctx, 'department:update');
  return mutate(ctx, async (unit) => {
    // Two moves could close a circle together. Because of this lock, the second sees what the first has done.
    await lockOrganization(unit);
    const department = await departments.lock(unit, id);
    const { pathSort: from } = department;
    const to = await pathBelow(unit, parentId, id);
    if (to === from) return departments.answer(unit.db, department);
    if (to.startsWith(from)) throw departmentErrors.department_cycle({ field: ['parentId'] });
    await refuseTooDeep(unit, from, to);
    await refuseReachBeyondOwn(unit, ctx.principal, { kind: 'department', id }, enteredIds(from, to));
    const fields = { parentId, pathSort: to };
    const { after } = await departments.change(unit, department, fields, { event: departmentEvents.moved });
    await unit.db
      .updateTable('departments')
      .set({ path_sort: sql<string>`${to} || substr(path_sort, ${from.length + 1})` })
      .where(isWithinPath('departments.path_sort', from))
      .execute();
    return departments.answer(unit.db, after);
  });
}

/**
 * Permanently deletes an empty department.
 * @throws `permission_denied`, `department_not_found`, `version_conflict`, `department_not_empty`
 */
export async function deleteDepartment(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'department:delete');
  await mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    await departments.remove(unit, await departments.lock(unit, id));
  });
}
