import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';
import { ownedByUser } from './user.entity.ts';

/** A user's hashed password. Users who sign in only at an OpenID Connect issuer have no row. */
export const CredentialEntity = defineEntity({
  name: 'Credential',
  tableName: 'credentials',
  properties: {
    userId: id().primary(),
    /** argon2id in PHC format; an imported bcrypt hash until the next login. */
    passwordHash: p.text(),
    updatedAt: instant(),
  },
});

export const credentialTable = defineTable(CredentialEntity, ownedByUser);
