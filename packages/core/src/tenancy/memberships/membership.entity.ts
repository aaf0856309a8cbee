import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { UserEntity } from '../../identity/index.ts';
import { OrganizationEntity } from '../organizations/organization.entity.ts';

export const memberStatuses = ['active', 'suspended', 'ended'] as const;

/** Joins a user and an organization. It ends but is never deleted: what the member did still refers to it. */
export const MembershipEntity = defineEntity({
  name: 'Membership',
  tableName: 'memberships',
  properties: {
    organizationId: id().primary(),
    userId: id().primary(),
    status: p.enum(memberStatuses),
    /** The member's job title in the organization. */
    title: p.string().nullable(),
    version: p.integer().version(),
    joinedAt: instant(),
    endedAt: instant().nullable(),
    /** Sessions that began at or before this instant have no access to the organization. */
    sessionsEndedAt: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  indexes: [
    { properties: ['userId'] },
    { properties: ['organizationId', 'joinedAt', 'userId'] },
    { properties: ['organizationId', 'status', 'joinedAt', 'userId'] },
  ],
});

export const membershipTable = defineTable(MembershipEntity, {
  kind: 'membership',
  own: { property: 'organizationId', is: 'organization' },
  identityDoor: true,
  wall: '{table}.organization_id = {organization} or {table}.user_id = {user}',
  checkWall: '{table}.organization_id = {organization}',
  references: [
    { columns: ['organizationId'], to: () => OrganizationEntity },
    { columns: ['userId'], to: () => UserEntity },
  ],
});
