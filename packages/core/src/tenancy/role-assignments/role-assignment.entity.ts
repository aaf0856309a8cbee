import { defineEntity, p } from '@mikro-orm/core';
import { id, instant, tenantKey } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { RoleEntity } from '../roles/role.entity.ts';
import { TeamEntity } from '../teams/team.entity.ts';
import { projectScope } from './project-scope.ts';

/**
 * A role of a member: everywhere, in one department with all below it, in one team, or in one project; without an end, or until an
 * instant.
 */
export const RoleAssignmentEntity = defineEntity({
  name: 'RoleAssignment',
  tableName: 'role_assignments',
  properties: {
    ...tenantKey(),
    userId: id(),
    roleId: id(),
    departmentId: id().nullable(),
    teamId: id().nullable(),
    projectId: id().nullable(),
    /** The id of the department, the team or the project, or `organization`. A member has a role once in each scope. */
    scopeKey: p.string(),
    validTo: instant().nullable(),
    createdAt: instant(),
    createdById: id(),
  },
  uniques: [{ properties: ['organizationId', 'userId', 'roleId', 'scopeKey'] }],
  indexes: [
    { properties: ['organizationId', 'createdAt', 'id'] },
    { properties: ['organizationId', 'roleId', 'createdAt', 'id'] },
    // Partial, because most assignments are valid in the whole organization.
    {
      name: 'role_assignments_department_index',
      properties: ['organizationId', 'departmentId', 'createdAt', 'id'],
      where: 'department_id is not null',
    },
    {
      name: 'role_assignments_team_index',
      properties: ['organizationId', 'teamId', 'createdAt', 'id'],
      where: 'team_id is not null',
    },
    {
      name: 'role_assignments_project_index',
      properties: ['organizationId', 'projectId', 'createdAt', 'id'],
      where: 'project_id is not null',
    },
    // Signing in looks for the user in all organizations, and a list in one organization.
    { properties: ['userId', 'organizationId', 'createdAt', 'id'] },
  ],
});

/** The `scopeKey` of a role that a member has everywhere. */
export const everywhere = 'organization';

export const roleAssignmentTable = defineTable(RoleAssignmentEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'roleId'], to: () => RoleEntity },
    { columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'teamId'], to: () => TeamEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'projectId'], to: () => projectScope.value.entity, onDelete: 'cascade' },
  ],
});
