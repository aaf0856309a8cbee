import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { auditColumns, id, instant, sortKey, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';

/** People who work together, in one department or across several. The name is unique without case. Deleting one is final. */
export const TeamEntity = defineEntity({
  name: 'Team',
  tableName: 'teams',
  properties: {
    ...tenantKey(),
    name: p.string(),
    /** The name in lower case. It is unique, and lists are sorted by it. */
    nameSort: sortKey(),
    description: p.text().nullable(),
    departmentId: id().nullable(),
    ...auditColumns(),
  },
  uniques: [{ properties: ['organizationId', 'nameSort'] }],
  indexes: [
    { properties: ['organizationId', 'departmentId', 'id'] },
    { properties: ['organizationId', 'createdAt', 'id'] },
  ],
});

export type TeamRecord = InferEntity<typeof TeamEntity>;

export const TeamMemberEntity = defineEntity({
  name: 'TeamMember',
  tableName: 'team_members',
  properties: {
    organizationId: id().primary(),
    teamId: id().primary(),
    userId: id().primary(),
    addedAt: instant(),
    addedById: id(),
  },
  indexes: [
    { properties: ['organizationId', 'teamId', 'addedAt', 'userId'] },
    { properties: ['organizationId', 'userId', 'teamId'] },
  ],
});

declare module '../../database/schema.ts' {
  interface Tables {
    teams: Columns<typeof TeamEntity>;
    team_members: Columns<typeof TeamMemberEntity>;
  }
}

export const teamTable = defineTable(TeamEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity },
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
    { columns: ['organizationId', 'updatedById'], to: () => MembershipEntity },
  ],
});

export const teamMemberTable = defineTable(TeamMemberEntity, {
  kind: 'tenant',
  references: [
    { columns: ['organizationId', 'teamId'], to: () => TeamEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'addedById'], to: () => MembershipEntity },
  ],
});
