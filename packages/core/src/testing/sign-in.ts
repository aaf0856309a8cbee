import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { signAccessToken } from '../identity/access-token.ts';
import { insertSession, type OpenSession } from '../identity/session.service.ts';
import type { Platform } from '../platform.ts';
import type { TestMember } from './platform.ts';

const client = { refreshCookie: null, setRefreshCookie: () => {}, userAgent: 'vitest' };

/** Starts another session of a user, without ending any. */
export const openSessionOf = (
  platform: Platform,
  userId: string,
  organizationId: string | null = null,
  limitedToId: string | null = null,
): Promise<OpenSession> =>
  writeThroughIdentityDoor(platform.context({ principal: null }), (unit) =>
    insertSession(unit, { userId, deviceId: null, organizationId, limitedToId }, client),
  );

/** Signs a member in to their organization without a password. Answers the access token. */
export async function accessTokenOf(
  platform: Platform,
  { userId, principal }: Pick<TestMember, 'userId' | 'principal'>,
): Promise<string> {
  return tokenOfSession(platform, await openSessionOf(platform, userId, principal.organizationId));
}

/** The same at an issuer of an organization, so that the session is valid in that organization only. */
export const limitedTokenOf = async (platform: Platform, userId: string, organizationId: string): Promise<string> =>
  tokenOfSession(platform, await openSessionOf(platform, userId, organizationId, organizationId));

function tokenOfSession(platform: Platform, { userId, sessionId }: OpenSession): Promise<string> {
  return signAccessToken(platform.settings, platform.clock.now(), { userId, sessionId });
}
