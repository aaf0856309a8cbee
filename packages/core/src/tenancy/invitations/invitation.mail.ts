import { z } from 'zod';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { callWith, greetingOf, inert, type MailTemplate, writeMail } from '../../identity/index.ts';
import { livingInvitations } from './invitation.queries.ts';
import { makeInvitationToken } from './invitation.token.ts';

const Payload = z.object({ invitationId: z.string() });

/**
 * Writes the mail that tells the owner of an address about their invitation. Returns null when the invitation is no longer
 * pending or the organization is closed: then nothing is sent.
 */
export const invitationMail: MailTemplate = async (ctx, payload) => {
  const { invitationId } = Payload.parse(payload);
  const invitation = await readThroughIdentityDoor(ctx.database, (db) =>
    livingInvitations(db)
      .innerJoin('users as inviters', 'inviters.id', 'invitations.invited_by_id')
      .select([
        'invitations.id',
        'invitations.email',
        'invitations.email_key as emailKey',
        'invitations.expires_at as expiresAt',
        'organizations.name as organizationName',
        'inviters.full_name as fullName',
        'inviters.email_verified_at as emailVerifiedAt',
      ])
      .where('invitations.id', '=', invitationId)
      .where('invitations.status', '=', 'pending')
      .where('organizations.is_active', '=', true)
      .executeTakeFirst(),
  );
  if (!invitation || Date.parse(invitation.expiresAt) <= ctx.clock.now().getTime()) return null;
  const { id, email, organizationName, expiresAt } = invitation;
  const [name, inviter] = [inert(organizationName), inert(greetingOf(invitation) ?? 'Somebody')];
  const { publicUrl } = ctx.settings;
  const token = makeInvitationToken(ctx.settings, invitation);
  return writeMail({
    to: email,
    subject: `You are invited to ${name}`,
    blocks: [
      `${inviter} invites you to ${name} at ${publicUrl}.`,
      `If you have an account with this address (${email}), sign in and accept by ${expiresAt}:`,
      { copy: `POST ${publicUrl}/api/v1/invitations/${id}/accept` },
      'If you have none, this makes one and accepts. Your address is proven by it:',
      callWith(publicUrl, '/auth/accept-invitation', { token, password: 'YOUR_NEW_PASSWORD' }),
      'If you did not expect this, ignore this mail.',
    ],
  });
};
