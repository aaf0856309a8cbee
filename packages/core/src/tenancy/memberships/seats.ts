import { sql } from 'kysely';
import { countOf } from '../../database/paging.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { refuseBeyondLimit } from '../organizations/tiers.ts';
import { programsOf } from './membership.queries.ts';

/*
 * How many people an organization may have (C10). Every member takes a seat, also a suspended one. So does a pending invitation:
 * an invited person must find a seat. The caller must have locked the organization row, so that the count is exact.
 */

const membersOf = ({ db }: Unit, organizationId: string): Promise<number> =>
  countOf(
    db
      .selectFrom('memberships')
      .where('memberships.organization_id', '=', organizationId)
      .where('memberships.status', '<>', 'ended')
      // Service accounts take no seat. Their API keys are limited instead.
      .where('memberships.user_id', 'not in', programsOf(db, organizationId)),
  );

/** Counts the addresses with a pending invitation, without this one. */
const waitingBeside = ({ db, now }: Unit, organizationId: string, emailKey: string): Promise<number> =>
  countOf(
    db
      .selectFrom('invitations')
      .where('invitations.organization_id', '=', organizationId)
      .where('invitations.status', '=', sql.lit('pending'))
      .where(sql<boolean>`invitations.expires_at > ${now}`)
      .where('invitations.email_key', '<>', emailKey),
  );

/** Throws unless there is a seat for this address beside all members and other invitations. @throws `limit_exceeded` */
export async function requireSeatToOffer(unit: Unit, organizationId: string, emailKey: string): Promise<void> {
  const taken = (await membersOf(unit, organizationId)) + (await waitingBeside(unit, organizationId, emailKey));
  await refuseBeyondLimit(unit, organizationId, 'users', taken + 1);
}

/** Throws unless a new member finds a seat: the limit may be lower than when they were invited. @throws `limit_exceeded` */
export const requireSeatToTake = async (unit: Unit, organizationId: string): Promise<void> =>
  refuseBeyondLimit(unit, organizationId, 'users', (await membersOf(unit, organizationId)) + 1);
