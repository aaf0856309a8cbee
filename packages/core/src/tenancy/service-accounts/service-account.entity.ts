import { defineEntity } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';

/** What a service account has besides its user and its membership, whose key it shares. It is a member that is not a person. */
export const ServiceAccountEntity = defineEntity({
  name: 'ServiceAccount',
  tableName: 'service_accounts',
  properties: {
    organizationId: id().primary(),
    userId: id().primary(),
    createdAt: instant(),
    createdById: id(),
  },
});

export const serviceAccountTable = defineTenantTable(ServiceAccountEntity, { identityDoor: true, members: ['userId'] });
