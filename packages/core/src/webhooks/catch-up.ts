import { sql, type SqlBool } from 'kysely';
import { z } from 'zod';
import type { ServiceContext } from '../database/context.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { cacheAgeMs } from '../identity/index.ts';
import { enqueue, type JobPayload, type JobRun, stepRows } from '../jobs/index.ts';
import { nilId } from '../kernel/ids.ts';
import { addDeliveries } from './fan-out.ts';
import { wakeDeliverer } from './wake.ts';

/** The job that adds the deliveries that other servers have missed. */
export const catchUpJob = 'webhooks.catch_up';

const CatchUpJob = z.object({ webhookId: z.string(), since: z.string() });

/** After this time every server knows the webhook. */
const afterMs = cacheAgeMs + 2000;

/**
 * Other servers cache the webhooks of an organization for some seconds, and seal events meanwhile. This starts a job that adds the
 * deliveries of a new or changed webhook that those servers have missed.
 */
export const catchUpLater = (unit: Unit, webhookId: string): Promise<string> =>
  enqueue(
    unit,
    catchUpJob,
    { webhookId, since: unit.now.toISOString() },
    { runAt: new Date(unit.now.getTime() + afterMs) },
  );

/** How long after the change of a webhook a transaction can still commit, and be sealed by a server that does not know the webhook. */
const windowMs = 60_000;

/** Adds the missing deliveries of the webhook. Does nothing for a webhook that was deleted or disabled meanwhile. */
export async function catchUp(_ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ deliveries: number }> {
  const { webhookId, since } = CatchUpJob.parse(payload);
  const { organizationId } = job;
  if (organizationId === null) throw new Error('Webhooks belong to organizations.');
  const from = new Date(since);
  const until = new Date(from.getTime() + windowMs);
  let after = nilId;
  let deliveries = 0;
  await job.steps(async (unit) => {
    const { db } = unit;
    const [webhook] = await db
      .selectFrom('webhooks')
      .select(['webhooks.id', 'webhooks.events'])
      .where('webhooks.id', '=', webhookId)
      .where('webhooks.is_active', '=', true)
      .execute();
    if (!webhook) return null;
    const events = await db
      .selectFrom('events')
      .innerJoin('event_seals', 'event_seals.event_id', 'events.id')
      .select(['events.id', 'events.type'])
      .where(sql<SqlBool>`events.at >= ${from} and events.at <= ${until}`)
      .where('events.id', '>', after)
      .orderBy('events.id')
      .limit(stepRows)
      .execute();
    const last = events.at(-1);
    if (!last) return null;
    after = last.id;
    const added = await addDeliveries(unit, organizationId, [webhook], events);
    deliveries += added;
    if (added > 0) unit.afterCommit(() => wakeDeliverer(unit.ctx.database));
    return added;
  });
  return { deliveries };
}
