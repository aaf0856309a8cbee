import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';

/** Work that runs after the transaction that requested it. */
export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'jobs',
  properties: {
    id: id().primary(),
    /** Null for a job of the instance itself. */
    organizationId: id().nullable(),
    /** The user who started it with an operation, and who may read it. Null for every other job. */
    userId: id().nullable(),
    /** The API key with which they started it. */
    apiKeyId: id().nullable(),
    kind: p.string(),
    payload: p.json<Record<string, unknown>>(),
    /** Higher runs first. */
    priority: p.integer(),
    runAt: instant(),
    /** How many times it was claimed. This number also fences off a worker whose lease has expired. */
    attempts: p.integer(),
    maxAttempts: p.integer(),
    /** When the worker's lease ends. No other worker claims the job before. */
    leasedUntil: instant().nullable(),
    finishedAt: instant().nullable(),
    status: p.enum(['waiting', 'done', 'dead', 'cancelled'] as const),
    /** How many rows its steps have changed, in all attempts. */
    done: p.integer(),
    /** The progress in percent. Null when the remaining work is unknown. */
    progress: p.smallint().nullable(),
    result: p.json<unknown>().nullable(),
    error: p.text().nullable(),
    /** Unique while the row exists, so each occurrence of a schedule becomes only one job, and a job can be found by its work. */
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
