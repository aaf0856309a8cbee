import { timingSafeEqual } from 'node:crypto';
import { mac } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { CoreSettings } from '../../kernel/settings.ts';

/** What an invitation's mail says, and whom it was sent to. */
interface Offer {
  id: string;
  emailKey: string;
  /** As an ISO instant. */
  expiresAt: string;
}

const signature = (settings: CoreSettings, { id, emailKey, expiresAt }: Offer): Buffer =>
  mac(settings, 'invitation', JSON.stringify([id, emailKey, Date.parse(expiresAt)]));

/**
 * A token that proves that its bearer reads the mail of the invited address. It is stored nowhere: it is the invitation, signed
 * together with its address and its end. An answered invitation makes it worthless, and so does sending the mail again.
 */
export const makeInvitationToken = (settings: CoreSettings, offer: Offer): string =>
  `${offer.id}.${signature(settings, offer).toString('base64url')}`;

/** The invitation that a token speaks of, before anything of it is proven; null when the text is no such token. */
export function invitationOfToken(token: string): string | null {
  const [id = '', signed = '', ...rest] = token.split('.');
  return rest.length === 0 && signed !== '' && isUuid(id) ? id.toLowerCase() : null;
}

/** Whether the token is ours and of this invitation as it stands. */
export function provesInvitation(settings: CoreSettings, token: string, offer: Offer): boolean {
  const given = Buffer.from(token.slice(token.indexOf('.') + 1), 'base64url');
  const expected = signature(settings, offer);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
