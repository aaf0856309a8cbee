/** What signing in needs from the connection. The API implements it; tests use a fake. */
export interface SignInTransport {
  /** The refresh token from the cookie. */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie, or clears it. */
  setRefreshCookie(token: string | null): void;
  readonly userAgent: string | null;
}
