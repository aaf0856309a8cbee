import type { ExpressionBuilder } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Tables } from '../../database/schema.ts';
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

/** Keeps out the roles in private projects that the caller does not see. */
const inSight = (where: ExpressionBuilder<Tables, 'role_assignments'>) =>
  where.or([
    where('role_assignments.project_id', 'is', null),
    where('role_assignments.project_id', 'in', where.selectFrom('projects').select('projects.id')),
  ]);

/** Lists who has which role, where and until when. */
export async function listRoleAssignments(
  ctx: ServiceContext,
  input: RoleAssignmentListInput,
): Promise<Page<RoleAssignment>> {
  authorize(ctx, 'role:read');
  const { user, role, department, team, project } = input;
  const filters = { userId: user, roleId: role, departmentId: department, teamId: team, projectId: project };
  return read(ctx, async (db) => {
    const query = roleAssignments.matching(db, filters).where(inSight);
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

/** Reads an assignment, unless it is in a private project that the caller does not see. @throws `role_assignment_not_found` */
export async function seenAssignment(db: ReadDoor, id: string): Promise<RoleAssignment> {
  const seen = roleAssignments.from(db).where('role_assignments.id', '=', id).where(inSight);
  if (!(await seen.select('role_assignments.id').executeTakeFirst())) throw tenancyErrors.role_assignment_not_found();
  return assignmentById(db, id);
}

/** @throws `role_assignment_not_found` */
export async function getRoleAssignment(ctx: ServiceContext, { id }: ById): Promise<RoleAssignment> {
  authorize(ctx, 'role:read');
  return read(ctx, (db) => seenAssignment(db, id));
}
