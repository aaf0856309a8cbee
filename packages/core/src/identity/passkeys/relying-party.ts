import type { CoreSettings } from '../../kernel/settings.ts';
import { hashOf } from '../secret.ts';

/** Browsers let a page ask for passkeys of its own host and of parent domains. */
const belongsTo = (origin: string, host: string): boolean => {
  const name = new URL(origin).hostname;
  return name === host || name.endsWith(`.${host}`);
};

/**
 * The site for which authenticators sign: the host of the installation, including pages on its sub-domains. `origins` are those of
 * the pages that may ask.
 */
export function relyingPartyOf({ publicUrl, corsOrigins }: CoreSettings) {
  const { hostname: id, origin } = new URL(publicUrl);
  return { id, name: `Tenon (${id})`, origins: [origin, ...corsOrigins.filter((other) => belongsTo(other, id))] };
}

/**
 * The challenge that the authenticator signs. It is derived from its token, so it is random and works once too. The token is stored
 * only as a hash.
 */
export const challengeOf = (token: string): string => hashOf(`tenon webauthn ${token}`);

/** The user id that authenticators store. Discoverable passkeys return it. */
export const userHandleOf = (userId: string): string => Buffer.from(userId).toString('base64url');
