import { sql } from 'kysely';
import { countAll } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { limitExceeded, readLimit } from '../organizations/tiers.ts';

/*
 * How many people an organization may have (C10). Every member takes a seat, also a suspended one. A pending invitation takes a
 * seat too, so that the invited person finds one. The caller must have locked the organization row, so that the count is exact.
 */

async function membersOf({ db }: Unit, organizationId: string): Promise<number> {
  const { count } = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select(countAll().as('count'))
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.status', '<>', 'ended')
    // Service accounts take no seat: the API keys by which they act are limited instead.
    .where('users.kind', '=', 'person')
    .executeTakeFirstOrThrow();
  return count;
}

/** Counts the pending invitations for other addresses than this one. */
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

/** Throws unless there is a seat beside those of all members and other invitations. @throws `limit_exceeded` */
export async function requireSeatToOffer(unit: Unit, organizationId: string, emailKey: string): Promise<void> {
  const taken = (await membersOf(unit, organizationId)) + (await waitingBeside(unit, organizationId, emailKey));
  await requireSeat(unit, organizationId, taken);
}

/** Throws unless there is a free seat. The limit may be lower than when the seat was offered. @throws `limit_exceeded` */
export const requireSeatToTake = async (unit: Unit, organizationId: string): Promise<void> =>
  requireSeat(unit, organizationId, await membersOf(unit, organizationId));
