import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { signAccessToken } from '../identity/access-token.ts';
import { startSession } from '../identity/session.service.ts';
import type { Platform } from '../platform.ts';
import type { TestMember } from './platform.ts';

/** Signs a member in without a password: a session in their organization, and its access token. */
export async function accessTokenOf(platform: Platform, { userId, principal }: TestMember): Promise<string> {
  const { organizationId } = principal;
  const client = { refreshCookie: null, setRefreshCookie: () => {}, userAgent: 'vitest', address: '192.0.2.1' };
  const { sessionId } = await writeThroughIdentityDoor(platform.context({ principal: null }), (unit) =>
    startSession(unit, { userId, deviceId: null, organizationId }, client),
  );
  return signAccessToken(platform.settings, platform.clock.now(), { userId, sessionId });
}
