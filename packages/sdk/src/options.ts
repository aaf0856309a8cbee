import type { Job } from './contract.ts';
import type { ObserverOptions } from './observer.ts';
import type { SessionStore } from './session.ts';

/** How a call is tried again after a temporary failure. */
export interface RetryOptions {
  /** How often to retry after the first try; 0 turns retries off. @default 2 */
  limit?: number | undefined;
  /** Each wait is a random part of this time, which doubles with every try, in milliseconds. @default 300 */
  baseDelayMs?: number | undefined;
  /** The longest time that the doubling reaches, in milliseconds. @default 10_000 */
  maxDelayMs?: number | undefined;
  /** The longest wait that Retry-After may ask for, in milliseconds. When it asks for more, the call fails. @default 60_000 */
  maxRetryAfterMs?: number | undefined;
}

/** Where the API is, and how it is called. */
interface ConnectionOptions extends ObserverOptions {
  /** The server's address, without `/api/v1` or `/trpc`: `https://work.example.com`. In browsers `''` means the page's server. */
  baseUrl: string;
  /** The organization of every call, as id or slug. @default the organization of the API key, or the session's active one */
  organization?: string | undefined;
  /** Sends the requests. @default globalThis.fetch */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /**
   * How long one try may take until its whole answer has arrived, in milliseconds; Infinity for no limit. Refreshing the session never
   * takes longer than 9 seconds with all its retries, because the server lets a refresh token be sent again for 10 seconds only.
   * @default 30_000
   */
  timeoutMs?: number | undefined;
  /**
   * Applies to 429, 503, lost connections and timeouts. Only calls that are safe to repeat are retried: queries, and
   * mutations with an Idempotency-Key, which are all mutations except those of `auth`.
   */
  retry?: RetryOptions | undefined;
  /** Sent with every request. @default {} */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** For people who sign in. */
interface SessionOptions {
  /** Stores the tokens of the signed-in user. @default memorySession() */
  session?: SessionStore | undefined;
  /**
   * Where the refresh token is kept. `cookie`: in the browser, where scripts cannot read it. `body`: in the session store.
   * @default 'cookie' where there is a document, 'body' elsewhere
   */
  tokenTransport?: 'cookie' | 'body' | undefined;
  /** A client has a session or an API key, not both. */
  apiKey?: undefined;
}

/** For programs with an API key. */
interface ApiKeyOptions {
  /** `sk_…`, sent with every call, so nobody signs in. It is a secret: never put it into a web page. */
  apiKey: string;
  /** Only for people who sign in. */
  session?: undefined;
  /** Only for people who sign in. */
  tokenTransport?: undefined;
}

/** Where the API is, who calls it (a person's session or an API key), and how. */
export type TenonOptions = ConnectionOptions & (SessionOptions | ApiKeyOptions);

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** In milliseconds. @default the client's */
  timeoutMs?: number | undefined;
  /** Id or slug. @default the client's; none when the input has an `organizationId` */
  organization?: string | undefined;
}

/** Options of waiting for a job. */
export interface WaitOptions extends CallOptions {
  /** Called with every answer about the job, also the last one. */
  onProgress?: ((job: Job) => void) | undefined;
}

/** Options of one upload. */
export interface UploadOptions extends Omit<CallOptions, 'timeoutMs'> {
  /** For the whole upload, in milliseconds. @default no limit; the server cuts off an upload that does not go on */
  timeoutMs?: number | undefined;
  /** As for other mutations. It also covers the content of the file. @default a random key */
  idempotencyKey?: string | undefined;
  /** The name of the file. @default the name of a File, else `file` */
  fileName?: string | undefined;
  /** The type that the file is declared as. The server compares it with the content. @default the type of a Blob */
  mediaType?: string | undefined;
  /** Called while the file is sent, with bytes. `total` is null for a stream. */
  onProgress?: ((progress: { sent: number; total: number | null }) => void) | undefined;
}

/** Options of one download. The time limit ends when the answer begins. */
export interface DownloadOptions extends CallOptions {
  /** The part to download, in bytes, both ends included. Without `end`, everything from `start` on. @default the whole file */
  range?:
    | {
        /** The first byte. */
        start: number;
        /** The last byte. */
        end?: number | undefined;
      }
    | undefined;
}

/** Options of one mutation. */
export interface MutationOptions extends CallOptions {
  /**
   * 1 to 255 visible ASCII characters. A call that is repeated with the same key and input within 24 hours acts once and gets
   * the same answer.
   * @default a random key for each call, so that retries act once
   */
  idempotencyKey?: string | undefined;
  /** The `version` that you read, or `*` for any. If it has changed since, the call rejects with PreconditionFailedError. */
  ifMatch?: number | '*' | undefined;
  /** Does everything, then rolls it back, and answers what would have happened. @default false */
  dryRun?: boolean | undefined;
}

/** The options of a dry run, which has an answer of another type. */
export interface DryRunOptions extends MutationOptions {
  /** Does everything, then rolls it back, and answers what would have happened. */
  dryRun: true;
}
