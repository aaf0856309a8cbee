import { defineEntity, p } from '@mikro-orm/core';
import { id, instant, tenantKey } from '../../database/columns.ts';
import { defineTenantTable } from '../memberships/tenant-table.ts';
import { OrganizationEntity } from '../organizations/organization.entity.ts';
import { RoleEntity } from '../roles/role.entity.ts';

/** The statuses that a row can have. `expired` is not stored: it is a pending invitation past its `expiresAt`. */
const storedStatuses = ['pending', 'accepted', 'declined', 'revoked'] as const;

/** Invites the owner of an e-mail address into an organization. The membership begins when it is accepted. */
export const InvitationEntity = defineEntity({
  name: 'Invitation',
  tableName: 'invitations',
  properties: {
    ...tenantKey(),
    email: p.string(),
    /** The address in lower case. */
    emailKey: p.string(),
    status: p.enum(storedStatuses),
    invitedById: id(),
    expiresAt: instant(),
    /** When its expiry was recorded. Null while it has not expired, or until a job has recorded it. */
    expiredAt: instant().nullable(),
    /** How many mails were sent within a day from `mailsSince`. */
    mailsSent: p.integer().default(0),
    mailsSince: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  indexes: [
    { properties: ['emailKey'] },
    { properties: ['organizationId', 'emailKey'] },
    { properties: ['organizationId', 'createdAt', 'id'] },
    {
      name: 'invitations_pending_index',
      properties: ['organizationId', 'createdAt', 'id'],
      where: "status = 'pending'",
    },
    // The invitations whose expiry is not recorded yet.
    {
      name: 'invitations_expires_at_index',
      properties: ['expiresAt'],
      where: "status = 'pending' and expired_at is null",
    },
  ],
});

/** A role that the invited member will get. */
export const InvitationRoleEntity = defineEntity({
  name: 'InvitationRole',
  tableName: 'invitation_roles',
  properties: {
    organizationId: id().primary(),
    invitationId: id().primary(),
    roleId: id().primary(),
  },
});

/** Invited people read their invitations through the identity door, because they are not members yet. */
export const invitationTable = defineTenantTable(InvitationEntity, {
  identityDoor: true,
  members: ['invitedById'],
  references: [{ columns: ['organizationId'], to: () => OrganizationEntity }],
});

export const invitationRoleTable = defineTenantTable(InvitationRoleEntity, {
  identityDoor: true,
  references: [
    { columns: ['organizationId', 'invitationId'], to: () => InvitationEntity, onDelete: 'cascade' },
    { columns: ['organizationId', 'roleId'], to: () => RoleEntity },
  ],
});
