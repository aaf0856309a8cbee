import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { readRoles } from '../roles/role.hierarchy.ts';
import { heldRoleOf } from '../roles/role.queries.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { roleAssignments } from './role-assignment.record.ts';
import type { RoleAssignment, RoleAssignmentListInput } from './role-assignment.schema.ts';

async function withRoles(
  db: ReadDoor,
  assignments: readonly Awaited<ReturnType<typeof roleAssignments.get>>[],
): Promise<RoleAssignment[]> {
  const hierarchy = await readRoles(db);
  return assignments.flatMap(({ id, user, roleId, scope, validTo, createdAt }) => {
    const role = hierarchy.get(roleId);
    return role ? { id, user, role: heldRoleOf(role), scope, validTo, createdAt } : [];
  });
}

/** Lists who has which role, where and until when. */
export async function listRoleAssignments(
  ctx: ServiceContext,
  input: RoleAssignmentListInput,
): Promise<Page<RoleAssignment>> {
  authorize(ctx, 'role:read');
  const filters = { userId: input.user, roleId: input.role, departmentId: input.department, teamId: input.team };
  return read(ctx, async (db) => {
    const query = roleAssignments.matching(db, filters);
    const { data, ...page } = await roleAssignments.page(ctx, db, input, query, 'role-assignments');
    return { data: await withRoles(db, data), ...page };
  });
}

/** @throws `role_assignment_not_found` */
export async function assignmentById(db: ReadDoor, id: string): Promise<RoleAssignment> {
  const [assignment] = await withRoles(db, [await roleAssignments.get(db, id)]);
  if (!assignment) throw tenancyErrors.role_assignment_not_found();
  return assignment;
}

/** @throws `role_assignment_not_found` */
export async function getRoleAssignment(ctx: ServiceContext, { id }: ById): Promise<RoleAssignment> {
  authorize(ctx, 'role:read');
  return read(ctx, (db) => assignmentById(db, id));
}
