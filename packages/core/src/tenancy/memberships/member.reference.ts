import type { Unit } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/**
 * Refuses to point at who is no member of the organization of the unit, or no longer. The caller holds the organization, so
 * that no membership ends meanwhile.
 * @throws `member_not_found`
 */
export async function requireMember(unit: Unit, userId: string, field: string): Promise<void> {
  const member = await unit.db
    .selectFrom('memberships')
    .select('memberships.user_id')
    // The wall also shows the caller's own memberships elsewhere.
    .where('memberships.organization_id', '=', unit.scope.organizationId)
    .where('memberships.user_id', '=', userId)
    .where('memberships.status', '<>', 'ended')
    .executeTakeFirst();
  if (!member) throw tenancyErrors.member_not_found({ field: [field] });
}
