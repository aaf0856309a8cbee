import { Observer } from './observer.ts';
import type { TenonOptions } from './options.ts';
import { type RetrySettings, retrySettings } from './retry.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import { memorySession, type SessionStore } from './session.ts';

/** The options with all defaults filled in. */
export interface Settings {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly session: SessionStore;
  /** Null when people sign in. */
  readonly apiKey: string | null;
  readonly organization: string | undefined;
  /** Whether the browser keeps the refresh token, in a cookie. */
  readonly cookies: boolean;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly timeoutMs: number;
  readonly retry: RetrySettings;
  readonly headers: Readonly<Record<string, string>>;
  readonly observer: Observer;
  readonly runtime: Runtime;
}

const example = 'such as https://work.example.com';

/** @throws TypeError when it is no address of a server */
function baseUrlOf({ baseUrl }: TenonOptions): string {
  // Programs without types may leave it out.
  const given: unknown = baseUrl;
  if (typeof given !== 'string')
    throw new TypeError(`baseUrl is missing. Set it to the address of the server, ${example}.`);
  const trimmed = given.replace(/\/+$/, '');
  const [prefix] = /\/(?:api(?:\/v1)?|trpc)$/.exec(trimmed) ?? [];
  if (prefix !== undefined) throw new TypeError(`baseUrl must not end in ${prefix}. The client adds the path itself.`);
  const isOfPage = 'location' in globalThis && (trimmed === '' || trimmed.startsWith('/'));
  if (isOfPage) return trimmed;
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed))
    throw new TypeError(`baseUrl is ${JSON.stringify(given)}. It must be a whole address, ${example}.`);
  if (/[?#]/.test(trimmed)) throw new TypeError('baseUrl must have no query and no fragment.');
  return trimmed;
}

/** @throws TypeError when it cannot be a key */
function apiKeyOf({ apiKey }: TenonOptions): string | null {
  if (apiKey === undefined) return null;
  if (!/^[!-~]+$/.test(apiKey))
    throw new TypeError(
      apiKey === ''
        ? 'apiKey is empty. Is the environment variable set from which it comes?'
        : 'apiKey contains a space, a line break or another character that no key has.',
    );
  return apiKey;
}

/** @throws TypeError when the options cannot work, whatever the server answers */
export const settingsOf = (options: TenonOptions, runtime: Runtime = systemRuntime): Settings => ({
  baseUrl: baseUrlOf(options),
  session: options.session ?? memorySession(),
  apiKey: apiKeyOf(options),
  organization: options.organization,
  cookies: (options.tokenTransport ?? ('document' in globalThis ? 'cookie' : 'body')) === 'cookie',
  // Looked up at each call, because tests and tracing replace it.
  fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
  timeoutMs: options.timeoutMs ?? 30_000,
  retry: retrySettings(options.retry),
  headers: options.headers ?? {},
  observer: new Observer(options, runtime),
  runtime,
});
