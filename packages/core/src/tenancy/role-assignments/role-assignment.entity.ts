import { defineEntity, p } from '@mikro-orm/core';
import { id, instant, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { RoleEntity } from '../roles/role.entity.ts';
import { TeamEntity } from '../teams/team.entity.ts';

/** A role held by a member: everywhere, or in one department with all below it, or in one team; for ever, or until an instant. */
export const RoleAssignmentEntity = defineEntity({
  name: 'RoleAssignment',
  tableName: 'role_assignments',
  properties: {
    ...tenantKey(),
    userId: id(),
    roleId: id(),
    departmentId: id().nullable(),
    teamId: id().nullable(),
    /** The department's or the team's id, or `organization`: a role is held once in each scope. */
    scopeKey: p.string(),
    validTo: instant().nullable(),
    createdAt: instant(),
    createdById: id(),
  },
  uniques: [{ properties: ['organizationId', 'userId', 'roleId', 'scopeKey'] }],
  indexes: [
    { properties: ['organizationId', 'createdAt', 'id'] },
    { properties: ['organizationId', 'roleId'] },
    { properties: ['organizationId', 'departmentId'] },
    { properties: ['organizationId', 'teamId'] },
    // Who signs in is looked for in all organizations.
    { properties: ['userId'] },
  ],
});

/** What the scope of a role that is held everywhere is called. */
export const everywhere = 'organization';

declare module '../../database/schema.ts' {
  interface Tables {
    role_assignments: Columns<typeof RoleAssignmentEntity>;
  }
}

export const roleAssignmentTable = defineTable(RoleAssignmentEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'roleId'], to: () => RoleEntity },
    { columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'teamId'], to: () => TeamEntity, onDelete: 'cascade' },
  ],
});
