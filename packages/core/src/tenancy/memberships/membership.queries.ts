import type { ReadDoor } from '../../database/read-door.ts';

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
