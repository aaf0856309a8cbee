import { authorize, ownerKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { departmentErrors } from '../departments/department.errors.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { readRoles, type ResolvedRole } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { TeamEntity } from '../teams/team.entity.ts';
import { teamErrors } from '../teams/team.errors.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { loadMember } from './held-roles.ts';
import { refuseServiceOwner, requireAnotherOwner } from './owner.rules.ts';
import { everywhere, RoleAssignmentEntity } from './role-assignment.entity.ts';
import { assignmentById, scopeOf } from './role-assignment.queries.ts';
import type { RoleAssignment, RoleAssignmentCreate, RoleAssignmentId } from './role-assignment.schema.ts';

/** An owner owns the whole organization, without an end. @throws `validation_failed` */
function refuseNarrowOwner(role: ResolvedRole, { scope, validTo }: RoleAssignmentCreate): void {
  if (role.key !== ownerKey) return;
  if (scope.kind !== 'organization')
    throw errors.validation_failed({ field: ['scope'], message: 'An owner owns the whole organization.' });
  if (validTo !== null)
    throw errors.validation_failed({ field: ['validTo'], message: 'Nobody owns an organization for a time.' });
}

/**
 * Locks the department or the team until commit, so that nobody deletes it meanwhile.
 * @throws `department_not_found`, `team_not_found`
 */
async function requireScope(unit: Unit, scope: RoleAssignmentCreate['scope']): Promise<void> {
  const at = { field: ['scope', 'id'] };
  if (scope.kind === 'department')
    await unit.load(DepartmentEntity, { id: scope.id }, () => departmentErrors.department_not_found(at));
  if (scope.kind === 'team') await unit.load(TeamEntity, { id: scope.id }, () => teamErrors.team_not_found(at));
}

/**
 * Gives a role to a member: everywhere, or in a department with all below it, or in a team; without an end, or until an instant.
 * @throws `permission_denied`, `member_not_found`, `role_not_found`, `department_not_found`, `team_not_found`,
 * `validation_failed` for an end in the past, `role_exceeds_own`, `role_assigned_already`
 */
export async function createRoleAssignment(ctx: ServiceContext, input: RoleAssignmentCreate): Promise<RoleAssignment> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  const { userId, roleId, scope } = input;
  const validTo = input.validTo === null ? null : new Date(input.validTo);
  if (validTo && validTo <= ctx.clock.now())
    throw errors.validation_failed({ field: ['validTo'], message: 'Must be in the future.' });
  return mutate(ctx, async (unit) => {
    await loadMember(unit, organizationId, userId, () => tenancyErrors.member_not_found({ field: ['userId'] }));
    const role = (await readRoles(unit.db)).get(roleId);
    if (!role) throw tenancyErrors.role_not_found({ field: ['roleId'] });
    refuseNarrowOwner(role, input);
    await refuseServiceOwner(unit, userId, [role.key], ['roleId']);
    await requireScope(unit, scope);
    const scopeId = scope.kind === 'organization' ? null : scope.id;
    refuseBeyondOwn(principal, [role], { scope: { kind: scope.kind, id: scopeId }, validTo });
    const scopeKey = scopeId ?? everywhere;
    await dropEnded(unit, { userId, roleId, scopeKey });
    const id = uuidv7();
    await unit.insert(RoleAssignmentEntity, {
      organizationId,
      id,
      userId,
      roleId,
      departmentId: scope.kind === 'department' ? scope.id : null,
      teamId: scope.kind === 'team' ? scope.id : null,
      scopeKey,
      validTo,
      createdAt: unit.now,
      createdById: principal.userId,
    });
    await recordEvents(unit, {
      type: 'member.role_assigned',
      entity: { type: 'member', id: userId },
      data: { assignmentId: id, role: role.key, scope: { kind: scope.kind, id: scopeId }, validTo: input.validTo },
    });
    forgetPrincipal(unit, userId);
    return assignmentById(unit.db, id);
  });
}

/** Deletes an ended assignment of the same role in the same scope. @throws `role_assigned_already` if it has not ended */
async function dropEnded(unit: Unit, held: { userId: string; roleId: string; scopeKey: string }): Promise<void> {
  const known = await unit.db
    .selectFrom('role_assignments')
    .select(['role_assignments.id', 'role_assignments.valid_to as validTo'])
    .where('user_id', '=', held.userId)
    .where('role_id', '=', held.roleId)
    .where('scope_key', '=', held.scopeKey)
    .executeTakeFirst();
  if (!known) return;
  if (known.validTo === null || Date.parse(known.validTo) > unit.now.getTime())
    throw tenancyErrors.role_assigned_already();
  await unit.db.deleteFrom('role_assignments').where('id', '=', known.id).execute();
}

/**
 * Deletes one assignment of a role to a member.
 * @throws `permission_denied`, `role_assignment_not_found`, `role_exceeds_own`, `last_owner`
 */
export async function deleteRoleAssignment(ctx: ServiceContext, { id }: RoleAssignmentId): Promise<void> {
  authorize(ctx, 'member:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  await mutate(ctx, async (unit) => {
    const { user } = await assignmentById(unit.db, id);
    await loadMember(unit, organizationId, user.id, tenancyErrors.role_assignment_not_found);
    // Loaded again, because waiting for the lock may have taken a while.
    const assignment = await unit.load(RoleAssignmentEntity, { id }, tenancyErrors.role_assignment_not_found);
    const role = (await readRoles(unit.db)).get(assignment.roleId);
    if (!role) throw tenancyErrors.role_assignment_not_found();
    const scope = scopeOf(assignment);
    refuseBeyondOwn(principal, [role], { scope, validTo: assignment.validTo ?? null });
    if (role.key === ownerKey) await requireAnotherOwner(unit, organizationId, user.id);
    await unit.db.deleteFrom('role_assignments').where('id', '=', id).execute();
    await recordEvents(unit, {
      type: 'member.role_unassigned',
      entity: { type: 'member', id: user.id },
      data: { assignmentId: id, role: role.key, scope },
    });
    forgetPrincipal(unit, user.id);
    return null;
  });
}
