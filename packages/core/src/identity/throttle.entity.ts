import { defineEntity, p } from '@mikro-orm/core';
import { instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';

/** Recent tries of something that is limited. In the database, so that limits survive restarts and apply in every process. */
export const ThrottleEntity = defineEntity({
  name: 'Throttle',
  tableName: 'throttles',
  properties: {
    /** A keyed hash of what is counted and for whom: the table contains no plain names or addresses. */
    key: p.string().primary(),
    /** The times of the tries within the window, in milliseconds since the epoch, oldest first. */
    tries: p.json<number[]>(),
    /** When all tries of the row have left the window. */
    expiresAt: instant(),
  },
  indexes: [{ properties: ['expiresAt'] }],
});

export const throttleTable = defineTable(ThrottleEntity, { kind: 'system', identityDoor: true });
