import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { invitationEvents } from './invitation.events.ts';

/** How many invitations one statement handles. */
const batch = 500;
/** How many invitations one run handles. The rest wait for the next run. */
const mostPerRun = 5000;

/**
 * Records the expiry of every invitation that is past its `expiresAt`, and returns how many there were. Expiry does not depend on
 * it: it follows from `expiresAt`. The unit runs behind the system door.
 */
export async function recordExpired(unit: Unit): Promise<number> {
  for (let count = 0; ;) {
    const expired = await unit.db
      .updateTable('invitations')
      .set({ expired_at: unit.now })
      .where((where) =>
        where(
          where.refTuple('invitations.organization_id', 'invitations.id'),
          'in',
          where
            .selectFrom('invitations as over')
            .select(['over.organization_id', 'over.id'])
            .where('over.status', '=', 'pending')
            .where('over.expired_at', 'is', null)
            .where(sql<boolean>`over.expires_at <= ${unit.now}`)
            .limit(batch)
            .$asTuple('organization_id', 'id'),
        ),
      )
      .returning(['invitations.id', 'invitations.organization_id as organizationId', 'invitations.email'])
      .execute();
    await recordEvents(
      unit,
      ...expired.map(({ id, organizationId, email }) =>
        invitationEvents.expired.about(id, { data: { email }, organizationId, actorId: null }),
      ),
    );
    count += expired.length;
    if (expired.length === 0 || count >= mostPerRun) return count;
  }
}
