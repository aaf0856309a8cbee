import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, id, indexesBy, instant, sortKey, tenantKey } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';

/** A part of the organization. Departments form a tree. Deleting one is final. */
export const DepartmentEntity = defineEntity({
  name: 'Department',
  tableName: 'departments',
  properties: {
    ...tenantKey(),
    name: p.string(),
    /** The name in lower case, by which lists are sorted. */
    nameSort: sortKey(),
    /** Parent and lower-case name in one unique column: an index over two columns would treat null parents as different. */
    siblingKey: p.text(),
    description: p.text().nullable(),
    parentId: id().nullable(),
    /** The ids from the root down to this department, so that a subtree is one range of an index. See `department.path.ts`. */
    pathSort: sortKey(),
    headUserId: id().nullable(),
    ...auditColumns(),
  },
  uniques: [{ properties: ['organizationId', 'siblingKey'] }],
  indexes: [
    ...indexesBy('parentId', 'createdAt', 'nameSort'),
    { properties: ['organizationId', 'pathSort'] },
    { properties: ['organizationId', 'headUserId'] },
  ],
});

export const departmentTable = defineTenantTable(DepartmentEntity, {
  identityDoor: true,
  members: ['headUserId'],
  references: [{ columns: ['organizationId', 'parentId'], to: () => DepartmentEntity }],
});

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
  withoutRowid: true,
  identityDoor: true,
  members: ['userId', 'addedById'],
  references: [{ columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity }],
});
