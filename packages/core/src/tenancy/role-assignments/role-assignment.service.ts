import { authorize, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import { departments } from '../departments/department.record.ts';
import { type ResolvedRole, roleIn } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { teams } from '../teams/team.record.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { loadMember } from './held-roles.ts';
import { projectScope } from './project-scope.ts';
import { refuseServiceOwner, requireAnotherOwner } from './owner.rules.ts';
import { everywhere } from './role-assignment.entity.ts';
import { assignmentById, seenAssignment } from './role-assignment.queries.ts';
import { columnsOf, roleAssignments, scopeOf } from './role-assignment.record.ts';
import type { RoleAssignment, RoleAssignmentCreate } from './role-assignment.schema.ts';

/** An owner owns the whole organization, without an end. @throws `validation_failed` */
function refuseNarrowOwner(role: ResolvedRole, { scope, validTo }: RoleAssignmentCreate): void {
  if (role.key !== ownerKey) return;
  if (scope.kind !== 'organization')
    throw errors.validation_failed({ field: ['scope'], message: 'An owner owns the whole organization.' });
  if (validTo !== null)
    throw errors.validation_failed({ field: ['validTo'], message: 'Nobody owns an organization for a time.' });
}

/**
 * Locks the department, the team or the project until commit, so that nobody deletes it meanwhile.
 * @throws `department_not_found`, `team_not_found`, `project_not_found`
 */
async function requireScope(unit: Unit, scope: RoleAssignmentCreate['scope']): Promise<void> {
  if (scope.kind === 'department') await departments.refer(unit, scope.id, ['scope', 'id']);
  if (scope.kind === 'team') await teams.refer(unit, scope.id, ['scope', 'id']);
  if (scope.kind === 'project') await projectScope.value.refer(unit, scope.id, ['scope', 'id']);
}

/**
 * Gives a role to a member: everywhere, or in a department with all below it, in a team or in a project; without an end, or until an
 * instant. A role in a private project opens it to nobody who is no member of it.
 * @throws `permission_denied`, `member_not_found`, `role_not_found`, `department_not_found`, `team_not_found`, `project_not_found`,
 * `validation_failed` for an end in the past, `role_exceeds_own`, `role_assigned_already`
 */
export async function createRoleAssignment(ctx: ServiceContext, input: RoleAssignmentCreate): Promise<RoleAssignment> {
  authorize(ctx, 'member:update');
  const { userId, roleId, scope } = input;
  const validTo = input.validTo === null ? null : new Date(input.validTo);
  if (validTo && validTo <= ctx.clock.now())
    throw errors.validation_failed({ field: ['validTo'], message: 'Must be in the future.' });
  return mutate(ctx, async (unit) => {
    const missing = () => tenancyErrors.member_not_found({ field: ['userId'] });
    const { hierarchy } = await loadMember(unit, userId, missing);
    const role = roleIn(hierarchy, roleId, 'roleId');
    refuseNarrowOwner(role, input);
    await refuseServiceOwner(unit, userId, [role.key], ['roleId']);
    await requireScope(unit, scope);
    const columns = columnsOf(scope);
    const held = scopeOf(columns);
    refuseBeyondOwn(ctx.principal, [role], { scope: held, validTo });
    await dropEnded(unit, { userId, roleId, scopeKey: held.id ?? everywhere });
    const id = uuidv7();
    const fields = { id, userId, roleId, ...columns, validTo };
    await roleAssignments.add(unit, fields, { data: { assignmentId: id, role: role.key } });
    return assignmentById(unit.db, id);
  });
}

/** Deletes an ended assignment of the same role in the same scope. @throws `role_assigned_already` if it has not ended */
async function dropEnded(unit: Unit, held: { userId: string; roleId: string; scopeKey: string }): Promise<void> {
  const [known] = await roleAssignments.lockMany(unit, held);
  if (!known) return;
  if (known.validTo === null || Date.parse(known.validTo) > unit.now.getTime())
    throw tenancyErrors.role_assigned_already();
  await roleAssignments.remove(unit, known, { event: null });
}

/**
 * Deletes one assignment of a role to a member.
 * @throws `permission_denied`, `role_assignment_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function deleteRoleAssignment(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  await mutate(ctx, async (unit) => {
    const { user } = await seenAssignment(unit.db, id);
    const { hierarchy } = await loadMember(unit, user.id, tenancyErrors.role_assignment_not_found);
    // It may have been deleted while the organization was locked by somebody else.
    const assignment = await roleAssignments.lock(unit, id);
    const role = roleIn(hierarchy, assignment.roleId);
    const scope = scopeOf(assignment);
    const validTo = assignment.validTo === null ? null : new Date(assignment.validTo);
    refuseBeyondOwn(principal, [role], { scope, validTo });
    if (role.key === ownerKey) await requireAnotherOwner(unit, principal.organizationId, user.id);
    await roleAssignments.remove(unit, assignment, { data: { assignmentId: id, role: role.key, scope } });
  });
}
