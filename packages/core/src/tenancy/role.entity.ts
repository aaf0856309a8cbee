import { defineEntity, p } from '@mikro-orm/core';
import { instant, tenantKey } from '../database/columns.ts';
import type { Columns } from '../database/schema.ts';
import { defineTable } from '../database/table.ts';
import { MembershipEntity } from './membership.entity.ts';
import { OrganizationEntity } from './organization.entity.ts';

/** A role of an organization. The built-in ones are rows too; their permissions come from `access/`. */
export const RoleEntity = defineEntity({
  name: 'Role',
  tableName: 'roles',
  properties: {
    ...tenantKey(),
    key: p.string(),
    name: p.string(),
    builtIn: p.boolean(),
    createdAt: instant(),
  },
  uniques: [{ properties: ['organizationId', 'key'] }],
});

/** A role held by a member. Scopes narrower than the organization come with their rooms. */
export const RoleAssignmentEntity = defineEntity({
  name: 'RoleAssignment',
  tableName: 'role_assignments',
  properties: {
    organizationId: p.uuid().primary(),
    userId: p.uuid().primary(),
    roleId: p.uuid().primary(),
    createdAt: instant(),
    createdById: p.uuid(),
  },
});

declare module '../database/schema.ts' {
  interface Tables {
    roles: Columns<typeof RoleEntity>;
    role_assignments: Columns<typeof RoleAssignmentEntity>;
  }
}

export const roleTable = defineTable(RoleEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [{ columns: ['organizationId'], to: () => OrganizationEntity }],
});

export const roleAssignmentTable = defineTable(RoleAssignmentEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'roleId'], to: () => RoleEntity },
  ],
});
