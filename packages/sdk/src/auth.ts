import { type AccessTokens, type AuthListener, isSignedIn } from './access-tokens.ts';
import type { Local } from './calls.ts';
import { withDeadline } from './deadline.ts';
import { notTenon } from './failure.ts';
import { post } from './http.ts';
import type { CallOptions } from './options.ts';
import type { Arriving } from './responses.ts';
import type { Settings } from './settings.ts';

type Options = CallOptions & Arriving;

type Send = (input: object, options?: Options) => Promise<unknown>;

/** What the client adds to the operations of `auth`. */
export interface AuthEvents {
  /**
   * Calls a listener after each change of who is signed in, also in other tabs that share the session store.
   * @returns a function that stops it
   */
  readonly onChange: (listener: AuthListener) => () => void;
  /** Whether somebody is signed in, as far as the session store knows. It sends nothing. */
  readonly isSignedIn: () => Promise<boolean>;
}

/** @returns them by operationId */
export const authEvents = ({ session }: Settings, tokens: AccessTokens): ReadonlyMap<string, Local> => {
  const events: AuthEvents = {
    onChange: (listener) => tokens.onChange(listener),
    isSignedIn: async () => (await session.get()) !== null,
  };
  return new Map(Object.entries(events).map(([name, local]) => [`auth.${name}`, local]));
};

/**
 * The operations that exist over REST only, because they need the refresh cookie. They keep the session up to date.
 * @returns the operations by operationId
 */
export function authCalls(settings: Settings, tokens: AccessTokens): ReadonlyMap<string, Send> {
  const signIn = async (path: string, input: object, options?: Options): Promise<unknown> => {
    const answer = await post(settings, path, input, options);
    if (!isSignedIn(answer)) throw notTenon();
    await tokens.signIn(answer);
    return answer;
  };

  const signInAt =
    (path: string): Send =>
    (input, options) =>
      signIn(path, { tokenTransport: settings.cookies ? 'cookie' : 'body', ...input }, options);

  const refresh: Send = async (input, options) => {
    if (!('refreshToken' in input))
      return withDeadline(() => tokens.refresh(options), { timeoutMs: Infinity, signal: options?.signal });
    const answer = await tokens.exchange(input, options);
    await tokens.keep(answer);
    return answer;
  };

  const signOut = async (path: string, input: object, options?: Options): Promise<unknown> => {
    const kept = await settings.session.get();
    const token = kept?.refreshToken == null ? {} : { refreshToken: kept.refreshToken };
    try {
      return await post(settings, path, { ...token, ...input }, options);
    } finally {
      // The session ends here, even if the server could not be reached.
      await tokens.signOut();
    }
  };

  const begun = (input: object) => ({ tokenTransport: settings.cookies ? 'cookie' : 'body', ...input });
  const startOidc: Send = (input, options) => post(settings, '/auth/oidc/start', begun(input), options);
  const linkOidc: Send = (input, options) =>
    tokens.using((accessToken) => post(settings, '/auth/oidc/link', begun(input), options, accessToken));

  const calls = new Map<string, Send>([
    ['auth.login', signInAt('/auth/login')],
    ['auth.verifySecondFactor', signInAt('/auth/second-factor')],
    ['auth.signInWithPasskey', signInAt('/auth/passkeys/sign-in')],
    ['auth.refresh', refresh],
    ['auth.logout', (input, options) => signOut('/auth/logout', input, options)],
    ['auth.startOidc', startOidc],
    ['auth.finishOidc', (input, options) => signIn('/auth/oidc/finish', input, options)],
    ['auth.linkOidc', linkOidc],
    ['auth.logoutOidc', (input, options) => signOut('/auth/oidc/logout', input, options)],
  ]);
  if (settings.apiKey === null) return calls;
  const refuse: Send = async () => {
    throw new TypeError('A client with an API key cannot sign in: create another client for that.');
  };
  return new Map([...calls.keys()].map((name) => [name, refuse]));
}
