import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';
import { ownedByUser } from './user.entity.ts';

/** A user's request to change their address. It is kept until the old address can no longer undo it. */
export const EmailChangeEntity = defineEntity({
  name: 'EmailChange',
  tableName: 'email_changes',
  properties: {
    id: id().primary(),
    userId: id(),
    fromEmail: p.string(),
    fromEmailKey: p.string(),
    toEmail: p.string(),
    /** `replaced`: the user asked for a different address before confirming this one. */
    status: p.enum(['pending', 'confirmed', 'undone', 'replaced']),
    /** Until when the new address can confirm. */
    expiresAt: instant(),
    /** Until when the old address can undo the change; null when the user never verified the old address. */
    undoUntil: instant().nullable(),
    createdAt: instant(),
  },
  indexes: [{ properties: ['userId'] }, { properties: ['fromEmailKey'] }, { properties: ['expiresAt'] }],
});

export const emailChangeTable = defineTable(EmailChangeEntity, ownedByUser);
