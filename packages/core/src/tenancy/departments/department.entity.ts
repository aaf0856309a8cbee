import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { auditColumns, id, instant, sortKey, tenantKey } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';

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
    { properties: ['organizationId', 'pathSort'] },
    { properties: ['organizationId', 'parentId', 'id'] },
    { properties: ['organizationId', 'headUserId'] },
    { properties: ['organizationId', 'createdAt', 'id'] },
    { properties: ['organizationId', 'nameSort', 'id'] },
  ],
});

export type DepartmentRecord = InferEntity<typeof DepartmentEntity>;

/** Which member works in which department. A member works in one at most. */
export const DepartmentMemberEntity = defineEntity({
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

declare module '../../database/schema.ts' {
  interface Tables {
    departments: Columns<typeof DepartmentEntity>;
    department_members: Columns<typeof DepartmentMemberEntity>;
  }
}

export const departmentTable = defineTable(DepartmentEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'parentId'], to: () => DepartmentEntity },
    { columns: ['organizationId', 'headUserId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
    { columns: ['organizationId', 'updatedById'], to: () => MembershipEntity },
  ],
});

export const departmentMemberTable = defineTable(DepartmentMemberEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'departmentId'], to: () => DepartmentEntity },
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'addedById'], to: () => MembershipEntity },
  ],
});
