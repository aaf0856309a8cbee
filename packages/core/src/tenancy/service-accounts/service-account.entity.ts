import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';

/** A member that is no person: what it has beside its user and its membership, whose key it shares. */
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

declare module '../../database/schema.ts' {
  interface Tables {
    service_accounts: Columns<typeof ServiceAccountEntity>;
  }
}

export const serviceAccountTable = defineTable(ServiceAccountEntity, {
  kind: 'tenant',
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'userId'], to: () => MembershipEntity },
    { columns: ['organizationId', 'createdById'], to: () => MembershipEntity },
  ],
});
