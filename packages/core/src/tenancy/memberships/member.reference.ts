import type { Unit } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/**
 * Throws unless the user is a current member of this organization. The caller must have locked the organization row, so that the
 * membership does not end meanwhile.
 * @param field the field of the input that names the user
 * @throws `member_not_found`
 */
export async function requireMember(unit: Unit, userId: string, field: string): Promise<void> {
  const member = await unit.db
    .selectFrom('memberships')
    .select('memberships.user_id')
    // The wall shows the caller's memberships in other organizations too.
    .where('memberships.organization_id', '=', unit.scope.organizationId)
    .where('memberships.user_id', '=', userId)
    .where('memberships.status', '<>', 'ended')
    .executeTakeFirst();
  if (!member) throw tenancyErrors.member_not_found({ field: [field] });
}
