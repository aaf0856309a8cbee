import type { SignInTransport } from '../transport.ts';

/** What a sign-in at an issuer needs from the connection, in addition to a normal sign-in. */
export interface OidcTransport extends SignInTransport {
  /** The secret that binds a sign-in, by its name, to this browser; null when there is none. */
  oidcBinding(flow: string): string | null;
  /** Binds a sign-in to this browser, or clears the binding. */
  setOidcBinding(flow: string, binding: string | null): void;
}
