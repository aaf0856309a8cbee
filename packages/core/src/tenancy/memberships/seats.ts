import { sql } from 'kysely';
import { countAll } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { limitExceeded, readLimit } from '../organizations/tiers.ts';

/*
 * How many people an organization may have (C10). Every member takes a seat, also a suspended one. So does a pending invitation:
 * an invited person must find a seat. The caller must have locked the organization row, so that the count is exact.
 */

async function membersOf({ db }: Unit, organizationId: string): Promise<number> {
  const { count } = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select(countAll().as('count'))
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '<>', 'ended')
    // Service accounts take no seat. Their API keys are limited instead.
    .where('users.kind', '=', 'person')
    .executeTakeFirstOrThrow();
  return count;
}

/** Counts the addresses with a pending invitation, without this one. */
async function waitingBeside({ db, now }: Unit, organizationId: string, emailKey: string): Promise<number> {
  const { count } = await db
    .selectFrom('invitations')
    .select(countAll().as('count'))
    .where('invitations.organization_id', '=', organizationId)
    .where('invitations.status', '=', 'pending')
    .where(sql<boolean>`invitations.expires_at > ${now}`)
    .where('invitations.email_key', '<>', emailKey)
    .executeTakeFirstOrThrow();
  return count;
}

async function requireSeat(unit: Unit, organizationId: string, taken: number): Promise<void> {
  const max = await readLimit(unit.db, organizationId, 'users');
  if (taken >= max) throw limitExceeded('users', max);
}

/** Throws unless there is a seat for this address beside all members and other invitations. @throws `limit_exceeded` */
export async function requireSeatToOffer(unit: Unit, organizationId: string, emailKey: string): Promise<void> {
  const taken = (await membersOf(unit, organizationId)) + (await waitingBeside(unit, organizationId, emailKey));
  await requireSeat(unit, organizationId, taken);
}

/** Throws unless a new member finds a seat: the limit may be lower than when they were invited. @throws `limit_exceeded` */
export const requireSeatToTake = async (unit: Unit, organizationId: string): Promise<void> =>
  requireSeat(unit, organizationId, await membersOf(unit, organizationId));
