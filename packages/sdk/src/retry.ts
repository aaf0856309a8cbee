import {
  ConflictError,
  ConnectionError,
  RateLimitedError,
  TenonError,
  TimeoutError,
  UnavailableError,
} from './errors.ts';
import type { Observer } from './observer.ts';
import type { RetryOptions } from './options.ts';
import type { Runtime } from './runtime.ts';

export type RetrySettings = { [Option in keyof RetryOptions]-?: NonNullable<RetryOptions[Option]> };

export const retrySettings = (options: RetryOptions = {}): RetrySettings => ({
  limit: options.limit ?? 2,
  baseDelayMs: options.baseDelayMs ?? 300,
  maxDelayMs: options.maxDelayMs ?? 10_000,
  maxRetryAfterMs: options.maxRetryAfterMs ?? 60_000,
});

const passing = [ConnectionError, TimeoutError, RateLimitedError, UnavailableError];

/** Whether the same call may succeed later. */
export const isPassing = (error: TenonError): boolean =>
  passing.some((Class) => error instanceof Class) ||
  // The server is still working on the previous try, and its answer is the one we want.
  (error instanceof ConflictError && error.code === 'idempotency_in_progress');

interface Retrying {
  retry: RetrySettings;
  runtime: Runtime;
  observer: Observer;
  /** The operationId, for hooks and the log. */
  operation: string;
  signal?: AbortSignal | undefined;
  /** When no try may begin any more, in milliseconds since 1970. @default never */
  until?: number | undefined;
}

/** Milliseconds until the next try (what the server asks for, plus full jitter); null when there is no next try. */
function delayAfter(error: TenonError, tried: number, { retry, runtime, until = Infinity }: Retrying): number | null {
  if (tried > retry.limit || !isPassing(error)) return null;
  const asked = (error.retryAfter ?? 0) * 1000;
  if (asked > retry.maxRetryAfterMs) return null;
  const delay = asked + runtime.random() * Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** (tried - 1));
  return runtime.now() + delay < until ? delay : null;
}

/**
 * Tries until the attempt succeeds, fails for good, or was tried often enough.
 * @param attempt must do nothing once the signal is aborted, because an abort ends the wait and starts the next attempt
 * @throws what the last attempt threw, or the signal's reason
 */
export async function retrying<Result>(attempt: () => Promise<Result>, options: Retrying): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (thrown) {
      options.signal?.throwIfAborted();
      if (!(thrown instanceof TenonError)) throw thrown;
      const delay = delayAfter(thrown, tried, options);
      if (delay === null) throw thrown;
      options.observer.retrying({ operation: options.operation, error: thrown, attempt: tried, delayMs: delay });
      await options.runtime.sleep(delay, options.signal);
    }
  }
}
