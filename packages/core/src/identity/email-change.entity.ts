import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import type { Columns } from '../database/schema.ts';
import { defineTable } from '../database/table.ts';
import { ownedByUser } from './user.entity.ts';

/** A user's wish for another address, until the new one confirms it; and after that, for as long as the old one may undo it. */
export const EmailChangeEntity = defineEntity({
  name: 'EmailChange',
  tableName: 'email_changes',
  properties: {
    id: id().primary(),
    userId: id(),
    fromEmail: p.string(),
    fromEmailKey: p.string(),
    toEmail: p.string(),
    /** `replaced`: they wished for another one before it was confirmed. */
    status: p.enum(['pending', 'confirmed', 'undone', 'replaced']),
    /** Until when the new address may confirm. */
    expiresAt: instant(),
    /** Until when the old address may undo; null where it was never proven to be theirs. */
    undoUntil: instant().nullable(),
    createdAt: instant(),
  },
  indexes: [{ properties: ['userId'] }, { properties: ['fromEmailKey'] }],
});

declare module '../database/schema.ts' {
  interface Tables {
    email_changes: Columns<typeof EmailChangeEntity>;
  }
}

export const emailChangeTable = defineTable(EmailChangeEntity, ownedByUser);
