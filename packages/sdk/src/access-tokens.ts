import { UnauthenticatedError } from './errors.ts';
import { notTenon } from './failure.ts';
import { post } from './http.ts';
import type { CallOptions } from './options.ts';
import type { Arriving, ResponseInfo } from './responses.ts';
import { retrying } from './retry.ts';
import type { Tokens } from './session.ts';
import type { Settings } from './settings.ts';

/** How long before it expires an access token is replaced, in milliseconds. It must not expire while a call is on its way. */
const renewBeforeMs = 30_000;

/** The part of the answer to signing in and refreshing that the client itself reads. */
export interface SignedIn {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  refreshToken?: string;
}

export const isSignedIn = (answer: unknown): answer is SignedIn =>
  typeof answer === 'object' &&
  answer !== null &&
  'accessToken' in answer &&
  typeof answer.accessToken === 'string' &&
  'expiresIn' in answer &&
  typeof answer.expiresIn === 'number';

/** A change of who is signed in. */
export interface AuthChange {
  /**
   * `signedIn`: somebody has signed in, or the browser's cookie has restored the session. `refreshed`: the same session has new tokens.
   * `signedOut`: somebody has signed out, or the server has ended the session.
   */
  readonly event: 'signedIn' | 'refreshed' | 'signedOut';
  /** Whether it happened in another tab, or in another program that shares the session store. */
  readonly isElsewhere: boolean;
}

/** Is called after each change. */
export type AuthListener = (change: AuthChange) => void;

/**
 * A refresh token may be sent again for 10 seconds after the server has exchanged it; later it ends the session. So the tries of a
 * refresh end within this time, in milliseconds, whatever `timeoutMs` and `retry` are.
 */
const refreshWithinMs = 9000;
/** Into how many parts that time is divided at most. One try takes one part, so that an answer that is lost leaves time for another. */
const refreshParts = 3;

const isSame = (one: Tokens | null, other: Tokens | null): boolean =>
  one?.accessToken === other?.accessToken && one?.refreshToken === other?.refreshToken;

const eventOf = (before: Tokens | null, after: Tokens | null): AuthChange['event'] => {
  if (after === null) return 'signedOut';
  return before === null ? 'signedIn' : 'refreshed';
};

/** A new access token. Without an answer it comes from the session store, where another tab has put it. */
interface Renewed {
  accessToken: string;
  answer: SignedIn | null;
  response: ResponseInfo | null;
}

/** Gives each call a valid access token, and refreshes it once for all calls that wait. */
export class AccessTokens {
  readonly #settings: Settings;
  readonly #listeners = new Set<AuthListener>();
  #stopListening: (() => void) | undefined;
  #refreshing: Promise<Renewed> | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Sends with the access token. If the server refuses the token, sends once more with a new one.
   * @param send gets null when nobody is signed in, or when the client has an API key
   */
  async using<Result>(send: (accessToken: string | null) => Promise<Result>): Promise<Result> {
    if (this.#settings.apiKey !== null) return send(null);
    const token = await this.#current();
    try {
      return await send(token);
    } catch (thrown) {
      if (!(thrown instanceof UnauthenticatedError)) throw thrown;
      const renewed = await this.#renewed(token);
      if (renewed === null) throw thrown;
      return send(renewed);
    }
  }

  /**
   * Calls a listener after each change of who is signed in.
   * @returns a function that stops it
   */
  onChange(listener: AuthListener): () => void {
    // A function may listen twice, and is stopped one at a time.
    const own: AuthListener = (change) => listener(change);
    this.#listeners.add(own);
    this.#stopListening ??= this.#settings.session.onChange?.((after, before) => this.#tell(before, after, true));
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
  }

  /** Stores the tokens of a sign-in. */
  async signIn(answer: SignedIn): Promise<void> {
    await this.#set(this.#tokensOf(answer), null);
  }

  /** Stores the tokens of a refresh that the caller has asked for with a token of their own. */
  async keep(answer: SignedIn): Promise<void> {
    await this.#set(this.#tokensOf(answer), await this.#settings.session.get());
  }

  /** Forgets the tokens. */
  async signOut(): Promise<void> {
    const before = await this.#settings.session.get();
    await this.#settings.session.set(null);
    if (before !== null) this.#tell(before, null);
  }

  /**
   * Exchanges the refresh token for new tokens. Concurrent callers share one request.
   * @throws UnauthenticatedError when the token is refused: then nobody is signed in any more
   */
  async refresh({ arrived }: Arriving = {}): Promise<SignedIn> {
    const { answer, response } = await this.#refreshOnce();
    if (answer === null) return this.refresh({ arrived });
    if (response) arrived?.(response);
    return answer;
  }

  async #current(): Promise<string | null> {
    const { session, runtime } = this.#settings;
    const tokens = await session.get();
    if (tokens === null) return null;
    const left = tokens.expiresAt - runtime.now();
    if (left > renewBeforeMs) return tokens.accessToken;
    try {
      return (await this.#refreshOnce(tokens)).accessToken;
    } catch (thrown) {
      // The token is still valid for a while. The next call may reach the server.
      if (thrown instanceof UnauthenticatedError || left <= 0) throw thrown;
      return tokens.accessToken;
    }
  }

  /** A token to replace one that was refused; null when there is no way to get one. */
  async #renewed(refused: string | null): Promise<string | null> {
    const { session, cookies } = this.#settings;
    const tokens = await session.get();
    if (tokens !== null && tokens.accessToken !== refused) return tokens.accessToken;
    // A page that was reloaded has no tokens, but the browser may still have the refresh cookie.
    if (tokens === null && !cookies) return null;
    return (await this.#refreshOnce(tokens)).accessToken;
  }

  /**
   * Exchanges a refresh token, or the browser's cookie. Tries again without losing the session: within the server's grace a used token
   * gets the same answer.
   * @throws UnauthenticatedError when the token is refused
   */
  async exchange(input: object, options: CallOptions & Arriving = {}): Promise<SignedIn> {
    const { retry, runtime, observer } = this.#settings;
    const until = runtime.now() + refreshWithinMs;
    const longest = refreshWithinMs / Math.min(retry.limit + 1, refreshParts);
    const attempt = () => {
      const timeoutMs = Math.min(options.timeoutMs ?? this.#settings.timeoutMs, longest, until - runtime.now());
      return post(this.#settings, '/auth/refresh', input, { ...options, timeoutMs });
    };
    const operation = 'auth.refresh';
    const answer = await retrying(attempt, { operation, retry, runtime, observer, until, signal: options.signal });
    if (!isSignedIn(answer)) throw notTenon();
    return answer;
  }

  /**
   * Refreshes once for all callers, and for all tabs that share the session store.
   * @param stale the tokens to replace. If another tab has replaced them meanwhile, its tokens are taken. @default whatever there is
   */
  #refreshOnce(stale?: Tokens | null): Promise<Renewed> {
    const { session } = this.#settings;
    const work = async (): Promise<Renewed> => {
      const tokens = stale === undefined ? null : await session.get();
      if (tokens !== null && !isSame(tokens, stale ?? null))
        return { accessToken: tokens.accessToken, answer: null, response: null };
      return this.#refresh();
    };
    this.#refreshing ??= (session.exclusively?.(work) ?? work()).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<Renewed> {
    const { session } = this.#settings;
    const used = await session.get();
    const input = used?.refreshToken == null ? {} : { refreshToken: used.refreshToken };
    let response: ResponseInfo | null = null;
    const arrived = (carrier: ResponseInfo) => {
      response = carrier;
    };
    const answer = await this.exchange(input, { arrived }).catch(async (thrown: unknown) => {
      if (thrown instanceof UnauthenticatedError && isSame(used, await session.get())) await this.signOut();
      throw thrown;
    });
    // If somebody has signed in or out meanwhile, their tokens stay.
    if (isSame(used, await session.get())) await this.#set(this.#tokensOf(answer), used);
    return { accessToken: answer.accessToken, answer, response };
  }

  #tokensOf({ accessToken, expiresIn, refreshToken }: SignedIn): Tokens {
    const expiresAt = this.#settings.runtime.now() + expiresIn * 1000;
    return { accessToken, expiresAt, refreshToken: refreshToken ?? null };
  }

  async #set(tokens: Tokens, before: Tokens | null): Promise<void> {
    await this.#settings.session.set(tokens);
    this.#tell(before, tokens);
  }

  #tell(before: Tokens | null, after: Tokens | null, isElsewhere = false): void {
    const change: AuthChange = { event: eventOf(before, after), isElsewhere };
    for (const listener of this.#listeners) this.#settings.observer.notify(listener, change);
  }
}
