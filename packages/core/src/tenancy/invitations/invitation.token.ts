import { timingSafeEqual } from 'node:crypto';
import { mac } from '../../identity/index.ts';
import { fromBase64url } from '../../kernel/base64url.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import type { InvitationRow } from './invitation.record.ts';

/** The parts of an invitation that its token signs. */
type Offer = Pick<InvitationRow, 'id' | 'emailKey' | 'expiresAt'>;

const signature = (settings: CoreSettings, { id, emailKey, expiresAt }: Offer): Buffer =>
  mac(settings, 'invitation', JSON.stringify([id, emailKey, Date.parse(expiresAt)]));

/**
 * Makes a token that proves that its bearer reads the mail of the invited address. It is not stored: it signs the invitation with
 * its address and expiry. Answering the invitation or sending its mail again makes the token invalid.
 */
export const makeInvitationToken = (settings: CoreSettings, offer: Offer): string =>
  `${offer.id}.${signature(settings, offer).toString('base64url')}`;

/** Returns the invitation id that a token names, without verifying it, or null when the text is no such token. */
export function invitationOfToken(token: string): string | null {
  const [id = '', signed = '', ...rest] = token.split('.');
  return rest.length === 0 && signed !== '' && isUuid(id) ? id.toLowerCase() : null;
}

/** Whether we signed the token, and the invitation has not changed since. */
export function provesInvitation(settings: CoreSettings, token: string, offer: Offer): boolean {
  const given = fromBase64url(token.slice(token.indexOf('.') + 1));
  const expected = signature(settings, offer);
  return given?.length === expected.length && timingSafeEqual(given, expected);
}
