import type { ServiceContext } from '../../database/context.ts';
import type { Grant, Principal } from '../../kernel/principal.ts';
import { narrowed } from './principal.ts';
import { type ActiveMembership, grantsAt, principalCache } from './principal.load.ts';

/** Makes a principal that acts as a member without a session, with these grants. */
export const actingAs = (
  userId: string,
  { organizationId, timezone, policy }: ActiveMembership,
  grants: readonly Grant[],
): Principal => ({ userId, sessionId: null, emailVerified: true, organizationId, timezone, grants, policy });

/**
 * Loads somebody else as a member of an organization, to ask what they see there. What it knows is at most 3 seconds old.
 * @param scopes the permissions to which those of the member are narrowed. @default null, which narrows nothing
 * @returns null unless they are an active member, and the organization is active
 */
export async function memberPrincipal(
  { database, clock }: Pick<ServiceContext, 'database' | 'clock'>,
  {
    userId,
    organizationId,
    scopes = null,
  }: { userId: string; organizationId: string; scopes?: readonly string[] | null },
): Promise<Principal | null> {
  const memberships = await principalCache.get(database, userId, clock.now());
  const found = memberships?.find((membership) => membership.organizationId === organizationId);
  if (!found || !found.isActive || found.isDeleted) return null;
  const grants = grantsAt(found, clock.now());
  return actingAs(userId, found, scopes ? narrowed(grants, { scopes: new Set(scopes) }) : grants);
}
