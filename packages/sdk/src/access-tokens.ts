import { ConnectionError, UnauthenticatedError } from './errors.ts';
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

/**
 * A refresh token may be sent again for 10 seconds after the server has exchanged it; later it ends the session. So the tries of a
 * refresh end within this time, in milliseconds, whatever `timeoutMs` and `retry` are.
 */
const refreshWithinMs = 9000;
/** Into how many parts that time is divided at most. One try takes one part, so that an answer that is lost leaves time for another. */
const refreshParts = 3;

const isSame = (one: Tokens | null, other: Tokens | null): boolean =>
  one?.accessToken === other?.accessToken && one?.refreshToken === other?.refreshToken;

/** What a refresh answers, and the response that carried it. */
interface Renewed {
  answer: SignedIn;
  response: ResponseInfo | null;
}

/** Gives each call a valid access token, and refreshes it once for all calls that wait. */
export class AccessTokens {
  readonly #settings: Settings;
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

  /** Stores the tokens of a sign-in or a refresh. */
  async keep({ accessToken, expiresIn, refreshToken }: SignedIn): Promise<void> {
    const { session, runtime } = this.#settings;
    await session.set({ accessToken, expiresAt: runtime.now() + expiresIn * 1000, refreshToken: refreshToken ?? null });
  }

  /**
   * Exchanges the refresh token for new tokens. Concurrent callers share one request.
   * @throws UnauthenticatedError when the token is refused: then nobody is signed in any more
   */
  async refresh({ arrived }: Arriving = {}): Promise<SignedIn> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    const { answer, response } = await this.#refreshing;
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
      return (await this.refresh()).accessToken;
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
    return (await this.refresh()).accessToken;
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
    if (!isSignedIn(answer)) throw new ConnectionError(new TypeError('The answer does not come from a Tenon server.'));
    return answer;
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
      if (thrown instanceof UnauthenticatedError && isSame(used, await session.get())) await session.set(null);
      throw thrown;
    });
    // If somebody has signed in or out meanwhile, their tokens stay.
    if (isSame(used, await session.get())) await this.keep(answer);
    return { answer, response };
  }
}
