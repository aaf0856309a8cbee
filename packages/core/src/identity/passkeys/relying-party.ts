import type { CoreSettings } from '../../kernel/settings.ts';
import { hashOf } from '../secret.ts';

/** For whom authenticators sign: the installation's host, in pages of its own or of its sub-domains. */
export interface RelyingParty {
  id: string;
  name: string;
  /** The origins of the pages that may ask. */
  origins: string[];
}

/** Browsers let a page ask for keys of its own host and of those above it. */
const belongsTo = (origin: string, host: string): boolean => {
  const name = new URL(origin).hostname;
  return name === host || name.endsWith(`.${host}`);
};

export function relyingPartyOf({ publicUrl, corsOrigins }: CoreSettings): RelyingParty {
  const { hostname: id, origin } = new URL(publicUrl);
  return { id, name: `Tenon (${id})`, origins: [origin, ...corsOrigins.filter((other) => belongsTo(other, id))] };
}

/**
 * What the authenticator signs, made of the token that stands for it: the token is random, kept hashed and good once, and so is
 * this.
 */
export const challengeOf = (token: string): string => hashOf(`tenon webauthn ${token}`);

/** What a user is called by their authenticators: discoverable keys bring it back. */
export const userHandleOf = (userId: string): string => Buffer.from(userId).toString('base64url');
