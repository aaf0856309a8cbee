import { readThroughSystemDoor } from '../database/system-door.ts';
import type { Platform } from '../platform.ts';
import { makeInvitationToken } from '../tenancy/invitations/invitation.token.ts';

/** The token of the pending invitation of an address. @throws when there is none */
export async function invitationTokenOf(platform: Platform, email: string): Promise<string> {
  const invitation = await readThroughSystemDoor(platform.database, (db) =>
    db
      .selectFrom('invitations')
      .select(['invitations.id', 'invitations.email_key as emailKey', 'invitations.expires_at as expiresAt'])
      .where('invitations.email_key', '=', email.toLowerCase())
      .where('invitations.status', '=', 'pending')
      .executeTakeFirstOrThrow(),
  );
  return makeInvitationToken(platform.settings, invitation);
}
