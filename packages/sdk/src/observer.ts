import type { TenonError } from './errors.ts';
import { requestIdOf, type ResponseInfo } from './responses.ts';
import type { Runtime } from './runtime.ts';

/** A request, as hooks see it: without what must stay secret. */
export interface SentRequest {
  /** The HTTP method. */
  readonly method: string;
  /** Without the query, which may contain what people have written. */
  readonly url: string;
  /** A copy without cookies, API key and access token. */
  readonly headers: Headers;
}

/** A response, as hooks see it. Its body may still be arriving. */
export interface ReceivedResponse extends ResponseInfo {
  /** The request that it answers. */
  readonly request: SentRequest;
  /** Names the request in the logs of the server. Null when the response does not say it. */
  readonly requestId: string | null;
  /** How long it took until the headers arrived, in milliseconds. */
  readonly durationMs: number;
}

/** A call that is about to be tried again. */
export interface Retry {
  /** The operationId, such as `tasks.create`. */
  readonly operation: string;
  /** Why the last try failed. */
  readonly error: TenonError;
  /** 1 for the first retry. */
  readonly attempt: number;
  /** How long it waits before that, in milliseconds. */
  readonly delayMs: number;
}

/** From nothing to everything: each level includes those before it. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

/** Where the client writes its log. `console` is one. */
export interface Logger {
  /** Each request that is sent. */
  debug(message: string): void;
  /** Each response. */
  info(message: string): void;
  /** Each retry. */
  warn(message: string): void;
  /** A hook or listener that has thrown. */
  error(message: string): void;
}

/** Hooks and the log. A hook that throws disturbs no call. */
export interface ObserverOptions {
  /** Called before each request, retries and refreshes of the session included. */
  onRequest?: ((request: SentRequest) => void) | undefined;
  /** Called with each response, whatever its status is. */
  onResponse?: ((response: ReceivedResponse) => void) | undefined;
  /** Called before the client waits and tries a call again. */
  onRetry?: ((retry: Retry) => void) | undefined;
  /** Where the log is written. It never contains credentials, inputs or answers. @default console */
  logger?: Logger | undefined;
  /** What is logged: `warn` adds retries, `info` responses, `debug` requests. @default 'error' */
  logLevel?: LogLevel | undefined;
}

const levels: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];

const secretHeaders = ['authorization', 'cookie', 'proxy-authorization', 'set-cookie', 'x-api-key'];

function withoutSecrets(headers: RequestInit['headers']): Headers {
  const shown = new Headers(headers);
  for (const name of secretHeaders) shown.delete(name);
  return shown;
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '');

/** Tells hooks and the log what the client does. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #logger: Logger;
  readonly #level: number;
  readonly #runtime: Runtime;

  constructor(options: ObserverOptions, runtime: Runtime) {
    this.#options = options;
    this.#logger = options.logger ?? console;
    this.#level = levels.indexOf(options.logLevel ?? 'error');
    this.#runtime = runtime;
  }

  /** Sends a request. @param send what it does to send it */
  async sending(
    { method = 'GET', url, headers }: { method?: string | undefined; url: string; headers?: RequestInit['headers'] },
    send: () => Promise<Response>,
  ): Promise<Response> {
    const { onRequest, onResponse } = this.#options;
    if (!onRequest && !onResponse && !this.#logs('info')) return send();
    const request: SentRequest = { method, url: withoutQuery(url), headers: withoutSecrets(headers) };
    const startedAt = this.#runtime.now();
    const line = `${method} ${request.url}`;
    this.#log('debug', line);
    this.notify(onRequest, request);
    const response = await send();
    const durationMs = this.#runtime.now() - startedAt;
    const requestId = requestIdOf(response);
    this.#log('info', `${line}: ${response.status} after ${durationMs} ms, request ${requestId ?? 'unknown'}`);
    this.notify(onResponse, {
      request,
      status: response.status,
      headers: withoutSecrets(response.headers),
      requestId,
      durationMs,
    });
    return response;
  }

  retrying(retry: Retry): void {
    const { operation, error, attempt, delayMs } = retry;
    this.#log('warn', `${operation} failed with ${error.code}. Retry ${attempt} follows in ${Math.round(delayMs)} ms.`);
    this.notify(this.#options.onRetry, retry);
  }

  /** Calls a function of the client's user. What it throws is logged. */
  notify<Value>(listener: ((value: Value) => void) | undefined, value: Value): void {
    try {
      listener?.(value);
    } catch (thrown) {
      this.#log('error', `A hook or listener has thrown: ${String(thrown)}`);
    }
  }

  #logs(level: LogLevel): boolean {
    return levels.indexOf(level) <= this.#level;
  }

  #log(level: Exclude<LogLevel, 'off'>, message: string): void {
    if (this.#logs(level)) this.#logger[level](`tenon: ${message}`);
  }
}
