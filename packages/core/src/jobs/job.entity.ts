import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import type { Columns } from '../database/schema.ts';
import { defineTable } from '../database/table.ts';

/** Work to be done after the transaction that asked for it. */
export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'jobs',
  properties: {
    id: id().primary(),
    /** Null is the instance's own. */
    organizationId: id().nullable(),
    kind: p.string(),
    payload: p.json<Record<string, unknown>>(),
    /** Higher runs first. */
    priority: p.integer(),
    runAt: instant(),
    /** How often it was claimed: also the fence against a worker whose lease ran out. */
    attempts: p.integer(),
    maxAttempts: p.integer(),
    /** While a worker has it, and for a while after that worker died. */
    leasedUntil: instant().nullable(),
    finishedAt: instant().nullable(),
    status: p.enum(['waiting', 'done', 'dead'] as const),
    result: p.json<unknown>().nullable(),
    error: p.text().nullable(),
    /** One job has it for as long as its row is kept: what makes one job of a schedule's occurrence. */
    uniqueKey: p.string().nullable().unique(),
    createdAt: instant(),
  },
  indexes: [{ properties: ['status', 'priority', 'runAt'] }, { properties: ['finishedAt'] }],
});

declare module '../database/schema.ts' {
  interface Tables {
    jobs: Columns<typeof JobEntity>;
  }
}

export const jobTable = defineTable(JobEntity, { kind: 'tenant', identityDoor: true });
