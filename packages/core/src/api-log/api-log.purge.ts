import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { asId } from '../database/typed-value.ts';
import { inBatches, type JobHandlers, type JobRun, type Schedule } from '../jobs/index.ts';
import { firstIdAt, nilId } from '../kernel/ids.ts';
import { apiAuditIn } from '../tenancy/index.ts';
import { dayOf } from './usage.queries.ts';

const dayMs = 86_400_000;

/** How many days the usage is kept. */
const usageDays = 400;

/** How many organizations are read at once. */
const mostAtOnce = 500;

/** The organizations after an id, in the order of their ids. */
const organizationsAfter = (ctx: ServiceContext, id: string) =>
  readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('organizations')
      .select(['organizations.id', 'organizations.settings'])
      .where('organizations.id', '>', id)
      .orderBy('organizations.id')
      .limit(mostAtOnce)
      .execute(),
  );

/** Deletes the logged calls of each organization after the time for which it keeps them, and the usage after 400 days. */
async function purge(ctx: ServiceContext, { signal }: JobRun): Promise<{ calls: number; sums: number }> {
  const now = ctx.clock.now().getTime();
  const removed = { calls: 0, sums: 0 };
  for (let last = nilId; ;) {
    const organizations = await organizationsAfter(ctx, last);
    for (const { id, settings } of organizations) {
      const own = sql`organization_id = ${asId(id)}`;
      const before = new Date(now - apiAuditIn(settings).retentionDays * dayMs);
      removed.calls += await inBatches(ctx, 'api_requests', sql`${own} and id < ${asId(firstIdAt(before))}`, {
        signal,
      });
      const oldest = dayOf(now - usageDays * dayMs);
      removed.sums += await inBatches(ctx, 'api_usage', sql`${own} and day < ${oldest}`, { signal });
    }
    const next = organizations.at(-1);
    if (!next || organizations.length < mostAtOnce) return removed;
    last = next.id;
  }
}

export const apiLogHandlers: JobHandlers = { 'api_log.purge': (ctx, _payload, job) => purge(ctx, job) };

export const apiLogSchedules: readonly Schedule[] = [
  { name: 'api_log.purge', cron: '20 1 * * *', kind: 'api_log.purge' },
];
