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

export const settingsOf = (options: TenonOptions, runtime: Runtime = systemRuntime): Settings => ({
  baseUrl: options.baseUrl.replace(/\/+$/, ''),
  session: options.session ?? memorySession(),
  apiKey: options.apiKey ?? null,
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
