import { defineEntity, p } from '@mikro-orm/core';
import { auditColumns, id, tenantKey } from '../../database/columns.ts';
import { sealedColumn } from '../../database/sealing.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';
import { RoleEntity } from '../roles/role.entity.ts';

/** An OpenID Connect issuer at which an organization's people sign in. */
export const IdentityProviderEntity = defineEntity({
  name: 'IdentityProvider',
  tableName: 'identity_providers',
  properties: {
    ...tenantKey(),
    label: p.string(),
    issuer: p.text(),
    clientId: p.text(),
    /** Sealed. Null for a public client, which PKCE alone protects. */
    clientSecret: p.text().nullable(),
    scopes: p.json<string[]>(),
    enabled: p.boolean(),
    /** Whether people who are not members become members by signing in. */
    createMembers: p.boolean(),
    /** The role of people to whom no mapping gives a role. Null gives them none. */
    defaultRoleId: id().nullable(),
    /** The claim to whose values the mappings refer. Null leaves roles to the administrators. */
    roleClaim: p.string().nullable(),
    ...auditColumns(),
  },
  // A sign-in names the provider by its id alone, before the organization is known.
  uniques: [{ properties: ['id'] }],
  indexes: [{ properties: ['organizationId', 'createdAt', 'id'] }, { properties: ['organizationId', 'defaultRoleId'] }],
});

/** A role for the people whose claim has a value. */
export const RoleMappingEntity = defineEntity({
  name: 'RoleMapping',
  tableName: 'identity_provider_roles',
  properties: {
    organizationId: id().primary(),
    identityProviderId: id().primary(),
    claimValue: p.string().primary(),
    roleId: id().primary(),
  },
  indexes: [{ properties: ['organizationId', 'roleId'] }],
});

export const identityProviderTable = defineTenantTable(IdentityProviderEntity, {
  identityDoor: true,
  sealed: ['clientSecret'],
  references: [{ columns: ['organizationId', 'defaultRoleId'], to: () => RoleEntity }],
});

export const roleMappingTable = defineTenantTable(RoleMappingEntity, {
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'identityProviderId'], to: () => IdentityProviderEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'roleId'], to: () => RoleEntity },
  ],
});

export const clientSecret = sealedColumn(identityProviderTable, 'clientSecret');
