import { type AccessTokens, isSignedIn } from './access-tokens.ts';
import { withDeadline } from './deadline.ts';
import { ConnectionError } from './errors.ts';
import { post } from './http.ts';
import type { CallOptions } from './options.ts';
import type { Settings } from './settings.ts';

type Send = (input: object, options?: CallOptions) => Promise<unknown>;

/**
 * The operations that exist over REST alone, because they need the refresh cookie; they keep the session up to date.
 * @returns them by operationId
 */
export function authCalls(settings: Settings, tokens: AccessTokens): ReadonlyMap<string, Send> {
  const signIn = async (path: string, input: object, options?: CallOptions): Promise<unknown> => {
    const answer = await post(settings, path, input, options);
    if (!isSignedIn(answer)) throw new ConnectionError(new TypeError('The answer is not that of a Tenon server.'));
    await tokens.keep(answer);
    return answer;
  };

  const login: Send = (input, options) =>
    signIn('/auth/login', { tokenTransport: settings.cookies ? 'cookie' : 'body', ...input }, options);

  const refresh: Send = (input, options) =>
    'refreshToken' in input
      ? signIn('/auth/refresh', input, options)
      : withDeadline(() => tokens.refresh(), { timeoutMs: Infinity, signal: options?.signal });

  const logout: Send = async (input, options) => {
    const kept = await settings.session.get();
    const token = kept?.refreshToken == null ? {} : { refreshToken: kept.refreshToken };
    try {
      await post(settings, '/auth/logout', { ...token, ...input }, options);
    } finally {
      // Whoever signs out is signed out here, even if the server could not be told.
      await settings.session.set(null);
    }
  };

  const refuse: Send = async () => {
    throw new TypeError('With an API key nobody signs in: make another client for that.');
  };
  if (settings.apiKey !== null)
    return new Map(['auth.login', 'auth.refresh', 'auth.logout'].map((name) => [name, refuse]));
  return new Map([
    ['auth.login', login],
    ['auth.refresh', refresh],
    ['auth.logout', logout],
  ]);
}
