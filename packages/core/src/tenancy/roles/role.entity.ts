import { defineEntity, p } from '@mikro-orm/core';
import { id, instant, tenantKey } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { OrganizationEntity } from '../organizations/organization.entity.ts';

/**
 * A role of an organization. Built-in roles have rows too, but their permissions come from `access/`. A custom role allows what
 * its parent allows and what it adds, under the constraints of both.
 */
export const RoleEntity = defineEntity({
  name: 'Role',
  tableName: 'roles',
  properties: {
    ...tenantKey(),
    key: p.string(),
    name: p.string(),
    builtIn: p.boolean(),
    parentId: id().nullable(),
    permissions: p.json<string[]>().default('[]'),
    constraints: p.json<string[]>().default('[]'),
    version: p.integer().version().default(1),
    createdAt: instant(),
  },
  uniques: [{ properties: ['organizationId', 'key'] }],
  indexes: [{ properties: ['organizationId', 'createdAt', 'id'] }, { properties: ['organizationId', 'parentId'] }],
});

export const roleTable = defineTable(RoleEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId'], to: () => OrganizationEntity },
    { columns: ['organizationId', 'parentId'], to: () => RoleEntity },
  ],
});
