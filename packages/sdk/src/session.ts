/** The tokens of the signed-in user. */
export interface Tokens {
  /** Sent as `Authorization: Bearer …`. */
  readonly accessToken: string;
  /** When the access token expires, by this machine's clock: milliseconds since 1970. */
  readonly expiresAt: number;
  /** Works for one refresh; null when the browser keeps it in a cookie. */
  readonly refreshToken: string | null;
}

/** Where the tokens are kept. `get` is called before every request. */
export interface SessionStore {
  get(): Tokens | null | Promise<Tokens | null>;
  /** Null means that nobody is signed in any more. */
  set(tokens: Tokens | null): void | Promise<void>;
}

/** Keeps the tokens in memory, until the program ends. */
export function memorySession(tokens: Tokens | null = null): SessionStore {
  let kept = tokens;
  return {
    get: () => kept,
    set: (changed) => {
      kept = changed;
    },
  };
}
