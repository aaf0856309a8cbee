import { defineEntity } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';
import { TeamEntity } from './team.entity.ts';

const TeamMemberEntity = defineEntity({
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
  members: ['userId', 'addedById'],
  references: [{ columns: ['organizationId', 'teamId'], to: () => TeamEntity, onDelete: 'cascade' }],
});
