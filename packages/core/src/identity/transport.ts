/** What signing in needs from the connection. The API implements it; tests use a fake. */
export interface SignInTransport {
  /** The refresh token from the cookie. */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie, or clears it. */
  setRefreshCookie(token: string | null): void;
  readonly userAgent: string | null;
}

/** What a sign-in at an issuer needs from the connection, in addition to a normal sign-in. */
export interface OidcTransport extends SignInTransport {
  /** The secret that binds a sign-in, by its name, to this browser; null when there is none. */
  oidcBinding(flow: string): string | null;
  /** Binds a sign-in to this browser, or clears the binding. */
  setOidcBinding(flow: string, binding: string | null): void;
}
