/** The tokens of the signed-in user. */
export interface Tokens {
  /** Sent as `Authorization: Bearer …`. */
  readonly accessToken: string;
  /** When the access token expires, by this machine's clock: milliseconds since 1970. */
  readonly expiresAt: number;
  /** Works for one refresh; null when the browser keeps it in a cookie. */
  readonly refreshToken: string | null;
}

/** Where the tokens are kept. Several tabs or programs may share a store. */
export interface SessionStore {
  /** Called before every request. */
  get(): Tokens | null | Promise<Tokens | null>;
  /** Null means that nobody is signed in any more. */
  set(tokens: Tokens | null): void | Promise<void>;
  /**
   * Runs work while nobody else who shares the store runs theirs, so that they refresh once for all.
   * @default each client refreshes for itself
   */
  exclusively?<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Calls a listener after somebody else who shares the store has changed the tokens.
   * @returns a function that stops it
   */
  onChange?(listener: (after: Tokens | null, before: Tokens | null) => void): () => void;
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
