import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { ownedByUser } from '../user.entity.ts';

/** A WebAuthn credential by which a user signs in. Its public half only: nothing here is a secret. */
export const PasskeyEntity = defineEntity({
  name: 'Passkey',
  tableName: 'passkeys',
  properties: {
    id: id().primary(),
    userId: id(),
    /** What the user calls it. */
    name: p.string(),
    /** As the authenticator names it, base64url. */
    credentialId: p.text().unique(),
    /** COSE, base64url. */
    publicKey: p.text(),
    /** How often the authenticator says that it has signed, up to 2³²: one that counts and goes back was copied. */
    signCount: p.double().$type<number>(),
    transports: p.json<string[]>(),
    /** Whether it lives on in more than one device. */
    isBackedUp: p.boolean(),
    createdAt: instant(),
    lastUsedAt: instant().nullable(),
  },
  indexes: [{ properties: ['userId'] }],
});

declare module '../../database/schema.ts' {
  interface Tables {
    passkeys: Columns<typeof PasskeyEntity>;
  }
}

export const passkeyTable = defineTable(PasskeyEntity, ownedByUser);
