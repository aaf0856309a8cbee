import { defineEntity, p } from '@mikro-orm/core';
import { instant } from '../database/columns.ts';
import type { Columns } from '../database/schema.ts';
import { defineTable } from '../database/table.ts';

/** What somebody tried lately, and may not try too often. In the database, so that it outlives a restart and holds everywhere. */
const ThrottleEntity = defineEntity({
  name: 'Throttle',
  tableName: 'throttles',
  properties: {
    /** A keyed hash of what is counted, and for whom: no name and no address stands here in the clear. */
    key: p.string().primary(),
    /** When it was tried within the window, in milliseconds since the epoch, the oldest first. */
    tries: p.json<number[]>(),
    /** When the row says nothing any more. */
    expiresAt: instant(),
  },
  indexes: [{ properties: ['expiresAt'] }],
});

declare module '../database/schema.ts' {
  interface Tables {
    throttles: Columns<typeof ThrottleEntity>;
  }
}

export const throttleTable = defineTable(ThrottleEntity, { kind: 'system', identityDoor: true });
