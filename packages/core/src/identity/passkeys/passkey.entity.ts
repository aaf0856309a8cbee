import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { ownedByUser } from '../user.entity.ts';

/** A WebAuthn credential with which a user signs in. It contains the public key only, so nothing here is secret. */
export const PasskeyEntity = defineEntity({
  name: 'Passkey',
  tableName: 'passkeys',
  properties: {
    id: id().primary(),
    userId: id(),
    /** The name that the user gives it. */
    name: p.string(),
    /** The authenticator's id for it, base64url. */
    credentialId: p.text().unique(),
    /** In COSE format, base64url. */
    publicKey: p.text(),
    /** How many signatures the authenticator reports, up to 2³². A counter that goes back reveals a copied key. */
    signCount: p.double().$type<number>(),
    transports: p.json<string[]>(),
    /** Whether it is kept on more than one device. */
    isBackedUp: p.boolean(),
    createdAt: instant(),
    lastUsedAt: instant().nullable(),
    /** Since when it is disabled: a change of the address that came before it was undone. Null: it works. */
    disabledAt: instant().nullable(),
  },
  indexes: [{ properties: ['userId'] }],
});

export const passkeyTable = defineTable(PasskeyEntity, ownedByUser);
