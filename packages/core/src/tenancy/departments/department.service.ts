import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { refuseWhileReferredTo } from '../../database/referrers.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { requireMember } from '../memberships/member.reference.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { refuseReachBeyondOwn } from '../roles/role.move-guard.ts';
import { DepartmentEntity, type DepartmentRecord } from './department.entity.ts';
import { departmentErrors } from './department.errors.ts';
import { depthOf, depthOfLength, enteredIds, isWithinPath, maxDepth, pathOf } from './department.path.ts';
import { departmentById } from './department.queries.ts';
import type {
  Department,
  DepartmentCreate,
  DepartmentId,
  DepartmentMove,
  DepartmentUpdate,
} from './department.schema.ts';

const nameColumns = (name: string, parentId: string | null) => ({
  name,
  nameSort: name.toLowerCase(),
  siblingKey: `${parentId ?? ''}/${name.toLowerCase()}`,
});

/** The database keeps names unique, so that two requests at once cannot both get one. */
const refuseTaken =
  (field: 'name' | 'parentId') =>
  (error: unknown): never => {
    throw isUniqueViolation(error) ? departmentErrors.department_name_taken({ field: [field], cause: error }) : error;
  };

/** Loads a department to change it or to refer to it, and locks it until commit. @throws `department_not_found` */
export const loadDepartment = (unit: Unit, id: string, field?: string): Promise<DepartmentRecord> =>
  unit.load(DepartmentEntity, { id }, () => departmentErrors.department_not_found(field ? { field: [field] } : {}));

const tracked = ({ name, description, headUserId }: DepartmentRecord) => ({ name, description, headUserId });

/**
 * Creates a department at the top or below another.
 * @throws `permission_denied`, `department_not_found` for the parent, `member_not_found` for the head, `department_name_taken`,
 * `department_too_deep`
 */
export async function createDepartment(ctx: ServiceContext, input: DepartmentCreate): Promise<Department> {
  authorize(ctx, 'department:create');
  const { userId, organizationId } = ctx.principal;
  const { name, description = null, headUserId = null, parentId = null } = input;
  return mutate(ctx, async (unit) => {
    // Changes of the tree, and of who belongs to it, happen one after the other.
    await lockOrganization(unit, organizationId);
    const parent = parentId === null ? null : await loadDepartment(unit, parentId, 'parentId');
    if (headUserId !== null) await requireMember(unit, headUserId, 'headUserId');
    const id = uuidv7();
    const pathSort = pathOf(parent?.pathSort ?? '', id);
    if (depthOf(pathSort) > maxDepth) throw departmentErrors.department_too_deep({ field: ['parentId'] });
    const department = {
      organizationId,
      id,
      ...nameColumns(name, parentId),
      description,
      parentId,
      pathSort,
      headUserId,
      version: 1,
      createdAt: unit.now,
      createdById: userId,
      updatedAt: unit.now,
      updatedById: userId,
    };
    await unit.insert(DepartmentEntity, department).catch(refuseTaken('name'));
    await recordEvents(unit, {
      type: 'department.created',
      entity: { type: 'department', id },
      changes: diff({}, { name, description, parentId, headUserId }),
      data: { name, version: 1 },
    });
    return departmentById(unit.db, id);
  });
}

/**
 * Changes the given fields; null clears a field.
 * @throws `permission_denied`, `department_not_found`, `version_conflict`, `member_not_found` for the head,
 * `department_name_taken`
 */
export async function updateDepartment(
  ctx: ServiceContext,
  { id, name, ...fields }: DepartmentUpdate,
): Promise<Department> {
  authorize(ctx, 'department:update');
  const { userId, organizationId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit, organizationId);
    const department = await loadDepartment(unit, id);
    unit.checkVersion(department);
    const before = tracked(department);
    if (fields.headUserId) await requireMember(unit, fields.headUserId, 'headUserId');
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    Object.assign(department, given, name === undefined ? {} : nameColumns(name, department.parentId ?? null));
    const changes = diff(before, tracked(department));
    if (isEmpty(changes)) return departmentById(unit.db, id);
    Object.assign(department, { updatedAt: unit.now, updatedById: userId });
    await unit.em.flush().catch(refuseTaken('name'));
    await recordEvents(unit, {
      type: 'department.updated',
      entity: { type: 'department', id },
      changes,
      data: { version: department.version },
    });
    return departmentById(unit.db, id);
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
  const { principal } = ctx;
  const { userId, organizationId } = principal;
  return mutate(ctx, async (unit) => {
    // Two moves could close a circle together. Because of this lock, the second sees what the first has done.
    await lockOrganization(unit, organizationId);
    const department = await loadDepartment(unit, id);
    unit.checkVersion(department);
    const parent = parentId === null ? null : await loadDepartment(unit, parentId, 'parentId');
    const { pathSort: from } = department;
    const changes = diff({ parentId: department.parentId }, { parentId });
    if (isEmpty(changes)) return departmentById(unit.db, id);
    if (parent?.pathSort.startsWith(from)) throw departmentErrors.department_cycle({ field: ['parentId'] });
    const to = pathOf(parent?.pathSort ?? '', id);
    await refuseTooDeep(unit, from, to);
    await refuseReachBeyondOwn(unit, principal, { kind: 'department', id }, enteredIds(from, to));
    Object.assign(department, nameColumns(department.name, parentId), {
      parentId,
      updatedAt: unit.now,
      updatedById: userId,
    });
    await unit.em.flush().catch(refuseTaken('parentId'));
    await unit.db
      .updateTable('departments')
      .set({ path_sort: sql<string>`${to} || substr(path_sort, ${from.length + 1})` })
      .where(isWithinPath('departments.path_sort', from))
      .execute();
    await recordEvents(unit, {
      type: 'department.moved',
      entity: { type: 'department', id },
      changes,
      data: { version: department.version },
    });
    forgetPrincipalsIn(unit, organizationId);
    return departmentById(unit.db, id);
  });
}

/**
 * Permanently deletes an empty department.
 * @throws `permission_denied`, `department_not_found`, `version_conflict`, `department_not_empty`
 */
export async function deleteDepartment(ctx: ServiceContext, { id }: DepartmentId): Promise<void> {
  authorize(ctx, 'department:delete');
  const { organizationId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    await lockOrganization(unit, organizationId);
    const department = await loadDepartment(unit, id);
    unit.checkVersion(department);
    await refuseWhileReferredTo(unit, DepartmentEntity, [id], (kinds) =>
      departmentErrors.department_not_empty({ message: `${kinds} still belong to this department: move them first.` }),
    );
    const { name, parentId = null, version } = department;
    unit.em.remove(department);
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'department.deleted',
      entity: { type: 'department', id },
      data: { name, parentId, version },
    });
    return null;
  });
}
