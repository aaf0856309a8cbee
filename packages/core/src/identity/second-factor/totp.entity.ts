import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { sealedColumn } from '../../database/sealing.ts';
import { defineTable } from '../../database/table.ts';
import { ownedByUser } from '../user.entity.ts';

/** The secret of a user's authenticator app. It is active once a first code has confirmed it. */
export const TotpEntity = defineEntity({
  name: 'Totp',
  tableName: 'totp_credentials',
  properties: {
    userId: id().primary(),
    /** Twenty bytes in base64url, sealed. */
    secret: p.text(),
    createdAt: instant(),
    confirmedAt: instant().nullable(),
    /** The time step of the last accepted code. Codes of this or an earlier step are refused. */
    lastUsedStep: p.integer().nullable(),
    /** Since when it is disabled: a change of the address that came before it was undone. Null: it works. */
    disabledAt: instant().nullable(),
  },
});

/** A code for a user who has lost the app. It works once. */
export const RecoveryCodeEntity = defineEntity({
  name: 'RecoveryCode',
  tableName: 'recovery_codes',
  properties: {
    /** SHA-256 of the user and the code, base64url. */
    hash: p.string().primary(),
    userId: id(),
    createdAt: instant(),
    usedAt: instant().nullable(),
  },
  indexes: [{ properties: ['userId'] }],
});

export const totpTable = defineTable(TotpEntity, { ...ownedByUser, sealed: ['secret'] });

export const totpSecret = sealedColumn(totpTable, 'secret');

export const recoveryCodeTable = defineTable(RecoveryCodeEntity, ownedByUser);
