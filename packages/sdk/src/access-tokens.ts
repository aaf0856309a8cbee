import { ConnectionError, UnauthenticatedError } from './errors.ts';
import { post } from './http.ts';
import { retrying } from './retry.ts';
import type { Tokens } from './session.ts';
import type { Settings } from './settings.ts';

/** How long before it expires an access token is replaced, in milliseconds: a call must not outlive its token on the way. */
const renewBeforeMs = 30_000;

/** What signing in and refreshing answer, as far as the client itself reads it. */
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

const isSame = (one: Tokens | null, other: Tokens | null): boolean =>
  one?.accessToken === other?.accessToken && one?.refreshToken === other?.refreshToken;

/** Gives each call an access token that is good, and refreshes it once for all who wait. */
export class AccessTokens {
  readonly #settings: Settings;
  #refreshing: Promise<SignedIn> | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Sends with the access token, and once more with a new one if it is refused.
   * @param send gets null when nobody is signed in, or an API key signs
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

  /** Keeps what signing in answered. */
  async keep({ accessToken, expiresIn, refreshToken }: SignedIn): Promise<void> {
    const { session, runtime } = this.#settings;
    await session.set({ accessToken, expiresAt: runtime.now() + expiresIn * 1000, refreshToken: refreshToken ?? null });
  }

  /**
   * Takes new tokens for the refresh token; one request for all who ask meanwhile.
   * @throws UnauthenticatedError when it is refused: nobody is signed in any more
   */
  refresh(): Promise<SignedIn> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
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
      // It is good for a while yet: perhaps the next call finds the server in a better state.
      if (thrown instanceof UnauthenticatedError || left <= 0) throw thrown;
      return tokens.accessToken;
    }
  }

  /** A token in the place of one that was refused; null when there is nothing to get it with. */
  async #renewed(refused: string | null): Promise<string | null> {
    const { session, cookies } = this.#settings;
    const tokens = await session.get();
    if (tokens !== null && tokens.accessToken !== refused) return tokens.accessToken;
    // A page that was loaded anew knows of no tokens, but its browser may keep the cookie of who is signed in.
    if (tokens === null && !cookies) return null;
    return (await this.refresh()).accessToken;
  }

  async #refresh(): Promise<SignedIn> {
    const { session, retry, runtime } = this.#settings;
    const used = await session.get();
    const input = used?.refreshToken == null ? {} : { refreshToken: used.refreshToken };
    // Safe to try again: for ten seconds a spent token gets the same answer, and a lost answer would end the session.
    const answer = await retrying(() => post(this.#settings, '/auth/refresh', input), { retry, runtime }).catch(
      async (thrown: unknown) => {
        if (thrown instanceof UnauthenticatedError && isSame(used, await session.get())) await session.set(null);
        throw thrown;
      },
    );
    if (!isSignedIn(answer)) throw new ConnectionError(new TypeError('The answer is not that of a Tenon server.'));
    // Whoever has signed in or out meanwhile has the last word.
    if (isSame(used, await session.get())) await this.keep(answer);
    return answer;
  }
}
