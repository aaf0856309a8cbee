import type { ServiceContext } from '../../database/context.ts';
import type { Principal } from '../../kernel/principal.ts';
import { grantsAt, principalCache } from './principal.load.ts';

/**
 * Loads somebody else as a member of an organization, to ask what they see there. What it knows is at most 3 seconds old.
 * @returns null unless they are an active member, and the organization is active
 */
export async function memberPrincipal(
  { database, clock }: Pick<ServiceContext, 'database' | 'clock'>,
  { userId, organizationId }: { userId: string; organizationId: string },
): Promise<Principal | null> {
  const memberships = await principalCache.get(database, userId, clock.now());
  const found = memberships?.find((membership) => membership.organizationId === organizationId);
  if (!found || !found.isActive || found.isDeleted) return null;
  const { timezone, policy } = found;
  return {
    userId,
    sessionId: null,
    emailVerified: true,
    organizationId,
    timezone,
    grants: grantsAt(found, clock.now()),
    policy,
  };
}
