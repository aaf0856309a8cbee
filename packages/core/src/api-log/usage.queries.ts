import { sql } from 'kysely';
import { authorize } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { statement } from '../database/statement.ts';
import type { Usage, UsageInput } from './api-log.schema.ts';
import { figuresOf } from './durations.ts';

const dayMs = 86_400_000;

/** `2026-01-31`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const sums = [
  sql<number>`sum(api_usage.requests)`.as('requests'),
  sql<number>`sum(api_usage.errors)`.as('errors'),
  sql<number>`sum(api_usage.total_ms)`.as('totalMs'),
];

const usageByEndpoint = statement((db, { from }: { from: string }) =>
  db
    .selectFrom('api_usage')
    .select(['api_usage.method', 'api_usage.endpoint', 'api_usage.bucket', ...sums])
    .where('api_usage.day', '>=', from)
    .groupBy(['api_usage.method', 'api_usage.endpoint', 'api_usage.bucket']),
);

const usageByDay = statement((db, { from }: { from: string }) =>
  db
    .selectFrom('api_usage')
    .select(['api_usage.day', 'api_usage.bucket', ...sums])
    .where('api_usage.day', '>=', from)
    .groupBy(['api_usage.day', 'api_usage.bucket']),
);

/** How the API was used in the organization in the last days (E3). Calls are in it after two seconds. */
export async function getUsage(ctx: ServiceContext, { days }: UsageInput): Promise<Usage> {
  authorize(ctx, 'usage:read');
  const today = ctx.clock.now().getTime();
  const dates = Array.from({ length: days }, (_, index) => dayOf(today - (days - 1 - index) * dayMs));
  const [from = dayOf(today)] = dates;
  return read(ctx, async (db) => {
    const [ofEndpoints, ofDays] = await Promise.all([db.run(usageByEndpoint, { from }), db.run(usageByDay, { from })]);
    const byDay = Map.groupBy(ofDays, ({ day }) => day);
    const byEndpoint = Map.groupBy(ofEndpoints, ({ method, endpoint }) => `${method} ${endpoint}`);
    return {
      ...figuresOf(ofDays),
      byEndpoint: [...byEndpoint.values()]
        .flatMap((calls) => {
          const [first] = calls;
          return first ? [{ method: first.method, endpoint: first.endpoint, ...figuresOf(calls) }] : [];
        })
        .sort((a, b) => b.requests - a.requests || (a.endpoint < b.endpoint ? -1 : 1)),
      byDay: dates.map((date) => ({ date, ...figuresOf(byDay.get(date) ?? []) })),
    };
  });
}
