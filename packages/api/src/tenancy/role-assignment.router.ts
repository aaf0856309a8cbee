import {
  ById,
  createRoleAssignment,
  deleteRoleAssignment,
  departmentErrors,
  getRoleAssignment,
  listRoleAssignments,
  page,
  RoleAssignment,
  RoleAssignmentCreate,
  RoleAssignmentListInput,
  teamErrors,
  tenancyErrors,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';
import { roles } from './role.router.ts';

const { mutation, query } = heading(roles);

const {
  last_owner,
  member_not_found,
  role_assigned_already,
  role_assignment_not_found,
  role_exceeds_own,
  role_not_found,
} = tenancyErrors;

export const roleAssignmentRouter = router({
  list: query({
    rest: 'GET /role-assignments',
    access: 'role:read',
    summary: 'List who holds which role, where and until when',
    input: RoleAssignmentListInput,
    output: page(RoleAssignment),
    run: listRoleAssignments,
  }),
  create: mutation({
    rest: 'POST /role-assignments',
    access: 'member:update',
    summary: 'Give a member a role',
    description:
      'Everywhere, in a department with all below it, in a team or in a project; for ever, or until an instant. A role in a part of the organization shows and changes the tasks there, with what belongs to them. What belongs to the whole organization can only be read with it. It opens no private project.',
    input: RoleAssignmentCreate,
    output: RoleAssignment,
    status: 201,
    problems: [
      member_not_found,
      role_not_found,
      departmentErrors.department_not_found,
      teamErrors.team_not_found,
      workErrors.project_not_found,
      role_exceeds_own,
      role_assigned_already,
    ],
    run: createRoleAssignment,
  }),
  get: query({
    rest: 'GET /role-assignments/{id}',
    access: 'role:read',
    summary: 'Get a role assignment',
    input: ById,
    output: RoleAssignment,
    problems: [role_assignment_not_found],
    run: getRoleAssignment,
  }),
  delete: mutation({
    rest: 'DELETE /role-assignments/{id}',
    access: 'member:update',
    summary: 'Take a role away where it is held',
    input: ById,
    problems: [role_assignment_not_found, role_exceeds_own, last_owner],
    run: deleteRoleAssignment,
  }),
});
