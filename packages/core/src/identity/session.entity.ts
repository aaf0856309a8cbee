import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable, type TableOptions } from '../database/table.ts';
import { ownedByUser } from './user.entity.ts';

/** One sign-in on one device. It stays active while its refresh token is used in time. */
export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: id().primary(),
    userId: id(),
    /** The active organization. Not a foreign key: it applies only while the user is a member there. */
    organizationId: id().nullable(),
    /** The only organization in which the session is valid, if it started at that organization's issuer. Not a foreign key. */
    limitedToId: id().nullable(),
    /** The name that the client gives its device. */
    deviceId: p.string().nullable(),
    userAgent: p.text().nullable(),
    /** The network address of the login. */
    address: p.string().nullable(),
    createdAt: instant(),
    lastUsedAt: instant(),
    expiresAt: instant(),
    revokedAt: instant().nullable(),
  },
  indexes: [
    { properties: ['userId'] },
    { properties: ['expiresAt'] },
    { name: 'sessions_revoked_at_index', properties: ['revokedAt'], where: 'revoked_at is not null' },
  ],
});

/** A refresh token, by its hash. Used tokens stay for a while: a second use reveals a thief. */
export const RefreshTokenEntity = defineEntity({
  name: 'RefreshToken',
  tableName: 'refresh_tokens',
  properties: {
    /** SHA-256 of the token, base64url. */
    hash: p.string().primary(),
    sessionId: id(),
    userId: id(),
    createdAt: instant(),
    /** When its successor was issued; null for the current token of the session. */
    spentAt: instant().nullable(),
  },
  indexes: [
    { properties: ['sessionId'] },
    { name: 'refresh_tokens_spent_at_index', properties: ['spentAt'], where: 'spent_at is not null' },
  ],
});

export const sessionTable = defineTable(SessionEntity, ownedByUser);

/** What a table declares whose rows belong to one session, and are deleted with the session. */
export const ownedBySession: TableOptions = {
  ...ownedByUser,
  references: [{ columns: ['sessionId'], to: () => SessionEntity, onDelete: 'cascade' }],
};

export const refreshTokenTable = defineTable(RefreshTokenEntity, ownedBySession);
