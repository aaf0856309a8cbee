import type { ServiceContext } from '../database/context.ts';
import type { Platform } from '../platform.ts';

/** Makes the context of a member as a request would: with their current grants from the database, at most 3 seconds old. */
export async function acting(platform: Platform, userId: string, organizationId: string): Promise<ServiceContext> {
  const identity = {
    userId,
    sessionId: 'none',
    emailVerified: true,
    activeOrganizationId: organizationId,
    sessionStartedAt: null,
  };
  return platform.context({ principal: await platform.principal(identity, 'required', { header: organizationId }) });
}
