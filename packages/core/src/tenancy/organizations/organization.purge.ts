import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { eraseRowsOf, type JobRun } from '../../jobs/index.ts';
import { organizationTrashMs } from './organization.queries.ts';

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
  const due = sql<boolean>`organizations.deleted_at < ${before}`;
  const organizations = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('organizations')
      .select('organizations.id')
      .where(due)
      .orderBy('organizations.deleted_at')
      .limit(mostPerRun)
      .execute(),
  );
  for (const { id } of organizations) await eraseRowsOf(ctx, id, job.signal);
  return job.complete(async (unit) => {
    for (const { id } of organizations) {
      await unit.db.deleteFrom('organizations').where('organizations.id', '=', id).where(due).execute();
      await recordEvents(unit, {
        type: 'organization.purged',
        entity: { type: 'organization', id },
        organizationId: id,
        actorId: null,
      });
    }
    return { purged: organizations.length };
  });
}
