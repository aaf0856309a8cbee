import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import type { Columns } from '../database/schema.ts';
import { defineTable, type TableOptions } from '../database/table.ts';
import { ownedByUser } from './user.entity.ts';

/** One sign-in on one device. It lives as long as its refresh token is used in time. */
export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: id().primary(),
    userId: id(),
    /** The active organization. Not a reference: it counts only while its user is a member there. */
    organizationId: id().nullable(),
    /** The organization in which alone it holds, as it began at an issuer of that; null is everywhere. Not a reference either. */
    limitedToId: id().nullable(),
    /** What the client calls its device. */
    deviceId: p.string().nullable(),
    userAgent: p.text().nullable(),
    /** The network address of the login. */
    address: p.string().nullable(),
    createdAt: instant(),
    lastUsedAt: instant(),
    expiresAt: instant(),
    revokedAt: instant().nullable(),
  },
  indexes: [{ properties: ['userId'] }, { properties: ['expiresAt'] }],
});

/** A refresh token by its hash. Spent ones stay for a while: using one again gives a thief away. */
export const RefreshTokenEntity = defineEntity({
  name: 'RefreshToken',
  tableName: 'refresh_tokens',
  properties: {
    /** SHA-256 of the token, base64url. */
    hash: p.string().primary(),
    sessionId: id(),
    userId: id(),
    createdAt: instant(),
    /** When its successor was handed out; null is the session's current token. */
    spentAt: instant().nullable(),
  },
  indexes: [{ properties: ['sessionId'] }, { properties: ['spentAt'] }],
});

declare module '../database/schema.ts' {
  interface Tables {
    sessions: Columns<typeof SessionEntity>;
    refresh_tokens: Columns<typeof RefreshTokenEntity>;
  }
}

export const sessionTable = defineTable(SessionEntity, ownedByUser);

/** What a table declares whose rows belong to one session, and are deleted with the session. */
export const ownedBySession: TableOptions = {
  ...ownedByUser,
  references: [{ columns: ['sessionId'], to: () => SessionEntity, onDelete: 'cascade' }],
};

export const refreshTokenTable = defineTable(RefreshTokenEntity, ownedBySession);
