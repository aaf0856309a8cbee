import type { SignInTransport } from '../transport.ts';

/** What signing in elsewhere needs of the connection beside a sign-in here. */
export interface OidcTransport extends SignInTransport {
  /** What a sign-in that this browser began was bound to it with, by the name of the sign-in. */
  oidcBinding(flow: string): string | null;
  /** Binds a sign-in to this browser, or forgets it. */
  setOidcBinding(flow: string, binding: string | null): void;
}
