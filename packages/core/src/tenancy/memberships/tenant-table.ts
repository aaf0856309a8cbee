import type { AnyEntity } from '../../database/schema.ts';
import { defineTable, type Reference, type TableOptions } from '../../database/table.ts';
import { MembershipEntity } from './membership.entity.ts';

interface TenantTableOptions extends Omit<TableOptions, 'kind' | 'wall' | 'own'> {
  /** Properties with user ids of members, beside those of the audit columns. */
  members?: readonly string[];
}

/** Declares a table of an organization. Every person in it is a member: the audit columns refer to memberships. */
export function defineTenantTable<Entity extends AnyEntity>(
  entity: Entity,
  { members = [], references = [], ...options }: TenantTableOptions = {},
) {
  const audited = ['createdById', 'updatedById'].filter((name) => name in entity.meta.properties);
  const people = [...members, ...audited].map((name): Reference => ({
    columns: ['organizationId', name],
    to: () => MembershipEntity,
  }));
  return defineTable(entity, { kind: 'tenant', ...options, references: [...references, ...people] });
}
