import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { members } from './membership.record.ts';

/**
 * Selects the users of an organization that are programs. There are few of them. Looking at the user of each member instead would cost a
 * row for each, and on PostgreSQL a check of its wall.
 */
export const programsOf = (db: Pick<ReadDoor, 'selectFrom'>, organizationId: string) =>
  db
    .selectFrom('service_accounts')
    .select('service_accounts.user_id')
    .where('service_accounts.organization_id', '=', organizationId);

/** The organization of a user who is an active member of exactly one. Null otherwise. */
export async function onlyOrganizationOf(db: ReadDoor, userId: string): Promise<string | null> {
  const [first, second] = await db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select('memberships.organization_id as organizationId')
    .where('memberships.user_id', '=', userId)
    .where('memberships.status', '=', 'active')
    .where('organizations.deleted_at', 'is', null)
    .limit(2)
    .execute();
  return first && !second ? first.organizationId : null;
}

/**
 * Throws unless the user is a current member of this organization. The caller must have locked the organization row, so that the
 * membership does not end meanwhile.
 * @param field the field of the input that names the user
 * @throws `member_not_found`
 */
export async function requireMember(unit: Unit, userId: string, field: string): Promise<void> {
  const member = await members.find(unit.db, { ...unit.owner, userId });
  if (!member || member.status === 'ended') throw tenancyErrors.member_not_found({ field: [field] });
}

/** Those among some people whose membership in the unit's organization has not ended. */
export async function currentMembers(unit: Unit, userIds: readonly string[]): Promise<string[]> {
  const rows = await unit.db
    .selectFrom('memberships')
    .select('memberships.user_id as userId')
    .where('memberships.organization_id', '=', unit.owner.organizationId)
    .where(anyOf(unit.db.dialect, 'memberships.user_id', userIds))
    .where('memberships.status', '<>', 'ended')
    .execute();
  return rows.map(({ userId }) => userId);
}
