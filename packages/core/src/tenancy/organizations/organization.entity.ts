import { defineEntity, p } from '@mikro-orm/core';
import { id, trashColumns } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import type { Avatar } from '../../files/index.ts';
import { UserEntity } from '../../identity/index.ts';
import { tiers } from './tiers.ts';

export const OrganizationEntity = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: {
    id: id().primary(),
    name: p.string(),
    slug: p.string().unique(),
    tier: p.enum(tiers),
    isActive: p.boolean(),
    maxUsers: p.integer().nullable(),
    maxTasks: p.integer().nullable(),
    settings: p.json<Record<string, unknown>>(),
    avatarUrl: p.text().nullable(),
    /** The picture in the file store. */
    avatar: p.json<Avatar>().nullable(),
    ...trashColumns(),
  },
  indexes: [{ name: 'organizations_deleted_at_index', properties: ['deletedAt'], where: 'deleted_at is not null' }],
});

export const organizationTable = defineTable(OrganizationEntity, {
  kind: 'membership',
  own: { property: 'id', is: 'organization' },
  identityDoor: true,
  wall: '{table}.id = {organization} or exists (select 1 from memberships m where m.organization_id = {table}.id and m.user_id = {user})',
  checkWall: '{table}.id = {organization}',
  references: [{ columns: ['createdById'], to: () => UserEntity }],
});
