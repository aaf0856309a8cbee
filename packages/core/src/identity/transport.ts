/** What signing in needs of the connection: the API gives it, tests fake it. */
export interface SignInTransport {
  /** The refresh token that came as a cookie. */
  readonly refreshCookie: string | null;
  /** Sets the refresh cookie, or clears it. */
  setRefreshCookie(token: string | null): void;
  readonly userAgent: string | null;
}
