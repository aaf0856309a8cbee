import { TimeoutError } from './errors.ts';

/** Longer than timers can wait: they would fire at once. */
const longestTimer = 2 ** 31 - 1;

interface Deadline {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs what can be aborted, for as long as it may take. The answer does not wait for it to notice: in a batch, one call cannot
 * be taken back while the others go on.
 * @throws TimeoutError, and the signal's reason when it is aborted
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
      // The reason of a signal is whatever its owner gave.
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
