import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { eraseRowsOf, type JobRun } from '../../jobs/index.ts';
import { organizationEvents } from './organization.events.ts';
import { organizationTrashMs } from './organization.queries.ts';
import { organizations } from './organization.record.ts';

/** Added to the time in the trash, so that nobody can restore what is being purged even when the clocks of two servers differ. */
const marginMs = 3_600_000;

/** How many organizations one run purges. The rest wait for the next run. */
const mostPerRun = 20;

/**
 * Permanently deletes the organizations that have been in the trash for 30 days, with everything in them. Only their events
 * remain, without payloads. Returns how many organizations were deleted.
 */
export async function purgeOrganizations(ctx: ServiceContext, job: JobRun): Promise<{ purged: number }> {
  const before = new Date(ctx.clock.now().getTime() - organizationTrashMs - marginMs);
  const due = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('organizations')
      .select('organizations.id')
      .where(sql<boolean>`organizations.deleted_at < ${before}`)
      .orderBy('organizations.deleted_at')
      .limit(mostPerRun)
      .execute(),
  );
  const ids = due.map(({ id }) => id);
  for (const id of ids) await eraseRowsOf(ctx, id, job.signal);
  return job.complete(async (unit) => {
    const erased = await organizations.lockMany(unit, { id: ids }, { trash: true });
    for (const organization of erased) {
      const event = { event: organizationEvents.purged, organizationId: organization.id, actorId: null };
      await organizations.remove(unit, organization, event);
    }
    return { purged: erased.length };
  });
}
