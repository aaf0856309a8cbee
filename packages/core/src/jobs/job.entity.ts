import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';

/** Work to do after the transaction that asked for it. */
export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'jobs',
  properties: {
    id: id().primary(),
    /** Null for a job of the instance itself. */
    organizationId: id().nullable(),
    kind: p.string(),
    payload: p.json<Record<string, unknown>>(),
    /** Higher runs first. */
    priority: p.integer(),
    runAt: instant(),
    /** How many times it was claimed. It also fences off a worker whose lease has expired. */
    attempts: p.integer(),
    maxAttempts: p.integer(),
    /** Until when a worker has the job; no other worker claims it before. */
    leasedUntil: instant().nullable(),
    finishedAt: instant().nullable(),
    status: p.enum(['waiting', 'done', 'dead'] as const),
    result: p.json<unknown>().nullable(),
    error: p.text().nullable(),
    /** Unique while the row exists, so that each occurrence of a schedule becomes one job. */
    uniqueKey: p.string().nullable().unique(),
    createdAt: instant(),
  },
  indexes: [{ properties: ['status', 'priority', 'runAt'] }, { properties: ['finishedAt'] }],
});

export const jobTable = defineTable(JobEntity, { kind: 'tenant', identityDoor: true });
