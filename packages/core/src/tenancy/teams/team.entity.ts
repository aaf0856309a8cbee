import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, id, indexesBy, instant, sortKey, tenantKey } from '../../database/columns.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';

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
  indexes: indexesBy('departmentId', 'createdAt'),
});

export const teamTable = defineTenantTable(TeamEntity, {
  identityDoor: true,
  references: [{ columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity }],
});

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

export const teamMemberTable = defineTenantTable(TeamMemberEntity, {
  withoutRowid: true,
  members: ['userId', 'addedById'],
  references: [{ columns: ['organizationId', 'teamId'], to: () => TeamEntity, onDelete: 'cascade' }],
});
