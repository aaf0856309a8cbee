import { sql, type SqlBool } from 'kysely';
import { z } from 'zod';
import type { ServiceContext } from '../database/context.ts';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import { inBatches, type JobPayload, type JobRun } from '../jobs/index.ts';
import { firstIdAt, nilId } from '../kernel/ids.ts';

/** The job that deletes the deliveries of a deleted webhook. */
export const forgetJob = 'webhooks.forget';

const ForgetJob = z.object({ webhookId: z.string() });

export async function forget(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ deliveries: number }> {
  const { webhookId } = ForgetJob.parse(payload);
  const theirs = sql`organization_id = ${asId(job.organizationId)} and webhook_id = ${asId(webhookId)}`;
  return { deliveries: await inBatches(ctx, 'webhook_deliveries', theirs, { signal: job.signal }) };
}

const keptMs = 30 * 86_400_000;

/** The number of webhooks that are read at once. */
const mostAtOnce = 500;

const webhooksAfter = (ctx: ServiceContext, [organizationId, id]: readonly [string, string]) =>
  readThroughSystemDoor(ctx.database, (db) =>
    db
      .selectFrom('webhooks')
      .select(['webhooks.organization_id as organizationId', 'webhooks.id'])
      .where(sql<SqlBool>`(webhooks.organization_id, webhooks.id) > (${asId(organizationId)}, ${asId(id)})`)
      .orderBy('webhooks.organization_id')
      .orderBy('webhooks.id')
      .limit(mostAtOnce)
      .execute(),
  );

/** Deletes deliveries after 30 days. Their ids begin with the instant of their creation. */
export async function purgeDeliveries(ctx: ServiceContext, { signal }: JobRun): Promise<{ deliveries: number }> {
  const oldest = firstIdAt(new Date(ctx.clock.now().getTime() - keptMs));
  let deliveries = 0;
  for (let last: readonly [string, string] = [nilId, nilId]; ;) {
    const some = await webhooksAfter(ctx, last);
    for (const { organizationId, id } of some) {
      const theirs = sql`organization_id = ${asId(organizationId)} and webhook_id = ${asId(id)}`;
      deliveries += await inBatches(ctx, 'webhook_deliveries', sql`${theirs} and id < ${asId(oldest)}`, { signal });
    }
    const next = some.at(-1);
    if (!next || some.length < mostAtOnce) return { deliveries };
    last = [next.organizationId, next.id];
  }
}
