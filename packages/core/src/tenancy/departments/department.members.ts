import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import { type NewEvent, recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireMember } from '../memberships/member.reference.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { DepartmentEntity, DepartmentMemberEntity } from './department.entity.ts';
import { isWithinPath } from './department.path.ts';
import { departmentById, pathsOf } from './department.queries.ts';
import type { DepartmentMember, DepartmentMemberListInput, DepartmentMemberPath } from './department.schema.ts';
import { loadDepartment } from './department.service.ts';

const columns = [
  'users.id',
  'users.username',
  'users.full_name as fullName',
  'department_members.department_id as departmentId',
  'department_members.added_at as addedAt',
] as const;

type MemberRow = DepartmentMember['user'] & Omit<DepartmentMember, 'user'>;

const memberOf = ({ id, username, fullName, departmentId, addedAt }: MemberRow): DepartmentMember => ({
  user: { id, username, fullName },
  departmentId,
  addedAt,
});

const membersOf = (db: ReadDoor) =>
  db.selectFrom('department_members').innerJoin('users', 'users.id', 'department_members.user_id');

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
  const addedAt = { by: sql`department_members.added_at` };
  const order = orderOf(input.sort, { addedAt }, sql`department_members.user_id`);
  const request = pageRequest(ctx, `members of department ${id} ${subtree}`, input.sort, input);
  return read(ctx, async (db) => {
    await departmentById(db, id);
    const paths = subtree ? await pathsOf(db, [id]) : [];
    const query = subtree
      ? membersOf(db).where('department_members.department_id', 'in', (where) =>
          where
            .selectFrom('departments as part')
            .select('part.id')
            .where((part) => part.or(paths.map((path) => isWithinPath('part.path_sort', path)))),
        )
      : membersOf(db).where('department_members.department_id', '=', id);
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    return { data: rows.map(memberOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

async function departmentOfMember(unit: Unit, userId: string): Promise<string | null> {
  const row = await unit.db
    .selectFrom('department_members')
    .select('department_members.department_id as departmentId')
    .where('department_members.user_id', '=', userId)
    .executeTakeFirst();
  return row?.departmentId ?? null;
}

const memberEvent = (type: 'added' | 'removed', departmentId: string, userId: string): NewEvent => ({
  type: `department.member_${type}`,
  entity: { type: 'department', id: departmentId },
  data: { userId },
});

async function takeOut(unit: Unit, userId: string): Promise<void> {
  await unit.db.deleteFrom('department_members').where('department_members.user_id', '=', userId).execute();
}

/**
 * Moves a member into this department, out of the one before. The department's version stays.
 * @throws `permission_denied`, `department_not_found`, `member_not_found`
 */
export async function addDepartmentMember(
  ctx: ServiceContext,
  { id, userId }: DepartmentMemberPath,
): Promise<DepartmentMember> {
  authorize(ctx, 'department:update');
  const { organizationId, userId: addedById } = ctx.principal;
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit, organizationId);
    await loadDepartment(unit, id);
    await requireMember(unit, userId, 'userId');
    const before = await departmentOfMember(unit, userId);
    if (before !== id) {
      await takeOut(unit, userId);
      const row = { organizationId, userId, departmentId: id, addedAt: unit.now, addedById };
      await unit.insert(DepartmentMemberEntity, row);
      await recordEvents(
        unit,
        ...(before === null ? [] : [memberEvent('removed', before, userId)]),
        memberEvent('added', id, userId),
      );
    }
    const query = membersOf(unit.db).select(columns).where('department_members.user_id', '=', userId);
    return memberOf(await query.executeTakeFirstOrThrow());
  });
}

/**
 * Takes a member out of their department.
 * @throws `permission_denied`, `department_not_found`, `member_not_found`
 */
export async function removeDepartmentMember(ctx: ServiceContext, { id, userId }: DepartmentMemberPath): Promise<void> {
  authorize(ctx, 'department:update');
  const { organizationId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    await lockOrganization(unit, organizationId);
    await loadDepartment(unit, id);
    if ((await departmentOfMember(unit, userId)) !== id) throw tenancyErrors.member_not_found({ field: ['userId'] });
    await takeOut(unit, userId);
    await recordEvents(unit, memberEvent('removed', id, userId));
    return null;
  });
}

/** Takes a departing member out of their department, also as a head. The caller must have locked the organization row. */
export async function leaveDepartments(unit: Unit, userId: string): Promise<void> {
  const own = await departmentOfMember(unit, userId);
  if (own !== null) {
    await takeOut(unit, userId);
    await recordEvents(unit, memberEvent('removed', own, userId));
  }
  const led = await unit.em.find(DepartmentEntity, { headUserId: userId }, { orderBy: { id: 'asc' } });
  for (const department of led) {
    Object.assign(department, { headUserId: null, updatedAt: unit.now });
    if (unit.scope.userId !== null) department.updatedById = unit.scope.userId;
  }
  await unit.em.flush();
  await recordEvents(
    unit,
    ...led.map((department) => ({
      type: 'department.updated',
      entity: { type: 'department', id: department.id },
      changes: { headUserId: { from: userId, to: null } },
      data: { version: department.version },
    })),
  );
}
