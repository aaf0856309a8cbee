import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { stepRows } from '../../jobs/index.ts';
import { invitationEvents } from './invitation.events.ts';

/**
 * Records the expiry of some invitations that are past their `expiresAt`. Expiry does not depend on it: it follows from
 * `expiresAt`. The unit runs behind the system door. Returns how many there were, or null when none was left.
 */
export async function recordExpired(unit: Unit): Promise<number | null> {
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
          // A literal, because the index of pending invitations is partial: a parameter would not use it.
          .where('over.status', '=', sql.lit('pending'))
          .where('over.expired_at', 'is', null)
          .where(sql<boolean>`over.expires_at <= ${unit.now}`)
          .limit(stepRows)
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
  return expired.length || null;
}
