import { defineEntity, p } from '@mikro-orm/core';
import { hundredths, id, indexesBy, instant, tenantKey } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';

/**
 * One call of an operation in an organization (E4). The id begins with the instant of the call, so the primary key is the order of time.
 * The user and the key are not references: the log outlives both. The rows are written behind the identity door, in batches that contain
 * the calls of several organizations.
 */
export const ApiRequestEntity = defineEntity({
  name: 'ApiRequest',
  tableName: 'api_requests',
  properties: {
    ...tenantKey(),
    userId: id(),
    apiKeyId: id().nullable(),
    method: p.string(),
    /** The template of the route. Calls over tRPC have that of the same operation over REST. */
    endpoint: p.string(),
    /** Of the URL, without the query. */
    path: p.text(),
    status: p.smallint(),
    /** JSON without secrets, cut at 4 kB. Null where the organization does not keep it. */
    request: p.text().nullable(),
    response: p.text().nullable(),
    durationMs: hundredths(),
    address: p.string().nullable(),
    at: instant(),
  },
  indexes: [
    ...indexesBy('userId', 'endpoint'),
    // Most calls succeed, and then do not pay for this index.
    {
      name: 'api_requests_organization_id_status_id_index',
      properties: ['organizationId', 'status', 'id'],
      where: 'status >= 400',
    },
  ],
});

export const apiRequestTable = defineTable(ApiRequestEntity, {
  kind: 'tenant',
  identityDoor: true,
  insertOnly: true,
  withoutRowid: true,
});

/** How often an endpoint was called on one UTC day, and how long that took (E3). Each range of durations has a row of its own. */
const ApiUsageEntity = defineEntity({
  name: 'ApiUsage',
  tableName: 'api_usage',
  properties: {
    organizationId: id().primary(),
    /** `2026-01-31`. */
    day: p.string().primary(),
    method: p.string().primary(),
    endpoint: p.string().primary(),
    /** The range of durations: see `durations.ts`. */
    bucket: p.smallint().primary(),
    requests: p.integer(),
    /** Those with a status of 400 or more. */
    errors: p.integer(),
    totalMs: p.double(),
  },
});

export const apiUsageTable = defineTable(ApiUsageEntity, { kind: 'tenant', identityDoor: true, withoutRowid: true });
