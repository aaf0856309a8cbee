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
    /** Who started it with an operation, and may read it. Null for every other job. */
    userId: id().nullable(),
    /** The API key with which they did. */
    apiKeyId: id().nullable(),
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
    status: p.enum(['waiting', 'done', 'dead', 'cancelled'] as const),
    /** How many rows its steps have changed, in all attempts. */
    done: p.integer(),
    /** How much of its work that is, in percent. Null when the rest is unknown. */
    progress: p.smallint().nullable(),
    result: p.json<unknown>().nullable(),
    error: p.text().nullable(),
    /** Unique while the row exists: each occurrence of a schedule becomes one job, and a job can be found by its work. */
    uniqueKey: p.string().nullable().unique(),
    createdAt: instant(),
  },
  indexes: [
    // The order in which jobs are claimed. The index contains no finished jobs, so it stays as small as the queue.
    { name: 'jobs_waiting_index', properties: ['priority', 'runAt', 'id'], where: "status = 'waiting'" },
    { name: 'jobs_dead_index', properties: ['finishedAt'], where: "status = 'dead'" },
    { name: 'jobs_finished_at_index', properties: ['finishedAt'], where: 'finished_at is not null' },
    { name: 'jobs_organization_id_index', properties: ['organizationId'], where: 'organization_id is not null' },
  ],
});

export const jobTable = defineTable(JobEntity, { kind: 'tenant', identityDoor: true });
