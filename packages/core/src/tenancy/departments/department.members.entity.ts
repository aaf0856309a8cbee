import { defineEntity } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';
import { DepartmentEntity } from './department.entity.ts';

/** Which member works in which department. A member works in one at most. */
const DepartmentMemberEntity = defineEntity({
  name: 'DepartmentMember',
  tableName: 'department_members',
  properties: {
    organizationId: id().primary(),
    userId: id().primary(),
    departmentId: id(),
    addedAt: instant(),
    addedById: id(),
  },
  indexes: [{ properties: ['organizationId', 'departmentId', 'addedAt', 'userId'] }],
});

export const departmentMemberTable = defineTenantTable(DepartmentMemberEntity, {
  identityDoor: true,
  members: ['userId', 'addedById'],
  references: [{ columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity }],
});
