import type { Session } from './session.ts';

/** How a call that failed for a passing reason is tried again. */
export interface RetryOptions {
  /** Tries after the first; 0 turns retries off. @default 2 */
  limit?: number | undefined;
  /** Each wait is a random part of this many milliseconds, doubled with every try. @default 300 */
  baseDelayMs?: number | undefined;
  /** What the doubling stops at, in milliseconds. @default 10_000 */
  maxDelayMs?: number | undefined;
  /** Longest wait that a server may ask for by Retry-After, in milliseconds; when it asks for more, the call fails. @default 60_000 */
  maxRetryAfterMs?: number | undefined;
}

/** Where the API is, and how it is called. */
interface ConnectionOptions {
  /** The server's address, without `/api/v1` or `/trpc`: `https://work.example.com`. In browsers `''` is the page's own. */
  baseUrl: string;
  /** The organization of every call, as id or slug. @default that of the API key, or the active one of the session */
  organization?: string | undefined;
  /** @default globalThis.fetch */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How long one try may take until all of its answer is here, in milliseconds; Infinity for ever. @default 30_000 */
  timeoutMs?: number | undefined;
  /**
   * On 429, 503, a lost connection or a timeout. Only what is safe to send again is: queries, and mutations with an
   * Idempotency-Key, which is all of them but those of `auth`.
   */
  retry?: RetryOptions | undefined;
  /** Sent with every request. @default {} */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Somebody who signs in. */
interface SessionOptions {
  /** Keeps who is signed in. @default memorySession() */
  session?: Session | undefined;
  /**
   * How the refresh token travels. `cookie`: the browser keeps it, out of reach of scripts. `body`: the session store keeps it.
   * @default 'cookie' where there is a document, 'body' elsewhere
   */
  tokenTransport?: 'cookie' | 'body' | undefined;
  apiKey?: undefined;
}

/** A program with a key of its own. */
interface ApiKeyOptions {
  /** `sk_…`, sent with every call: nobody signs in. A secret, so never in a web page. */
  apiKey: string;
  session?: undefined;
  tokenTransport?: undefined;
}

/** Where the API is, who calls it (a person's session, or an API key), and how. */
export type TenonOptions = ConnectionOptions & (SessionOptions | ApiKeyOptions);

/** What one call may say for itself. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** In milliseconds. @default that of the client */
  timeoutMs?: number | undefined;
  /** Id or slug. @default that of the client; none when the input has an `organizationId` */
  organization?: string | undefined;
}

/** What one mutation may say for itself. */
export interface MutationOptions extends CallOptions {
  /**
   * 1 to 255 visible ASCII characters. Sent again within 24 hours with the same input, it acts once and gets the same answer.
   * @default a random one for each call, so that retries act once
   */
  idempotencyKey?: string | undefined;
  /** The `version` that was read, or `*` for any: when it has changed since, the call rejects with PreconditionFailedError. */
  ifMatch?: number | '*' | undefined;
  /** Does everything but keep it, and answers what would have happened. @default false */
  dryRun?: boolean | undefined;
}

/** The options of a dry run, which answers differently. */
export interface DryRunOptions extends MutationOptions {
  dryRun: true;
}
