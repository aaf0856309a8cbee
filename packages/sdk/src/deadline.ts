import { TimeoutError } from './errors.ts';

/** The longest time that a timer can wait, in milliseconds. A longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

interface Deadline {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs work that can be aborted, and rejects when it takes too long. It rejects at once and does not wait until the work stops:
 * a single call cannot be removed from a batch while the others go on.
 * @throws TimeoutError, or the signal's reason when it is aborted
 */
export function withDeadline<Result>(
  start: (signal: AbortSignal) => Promise<Result>,
  { timeoutMs, signal }: Deadline,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const inner = new AbortController();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const stop = (reason: unknown) => {
      settle();
      inner.abort(reason);
      // The reason of a signal can be any value that its owner gave.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(reason);
    };
    const abort = () => stop(signal?.reason);
    const timer = timeoutMs > longestTimer ? undefined : setTimeout(() => stop(new TimeoutError(timeoutMs)), timeoutMs);
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    start(inner.signal).then(
      (result) => {
        settle();
        resolve(result);
      },
      (thrown: Error) => {
        settle();
        reject(thrown);
      },
    );
  });
}
