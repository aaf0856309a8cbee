/*
 * Durations are counted in ranges. The end of each is 1.2 times its beginning, so the middle of a range differs from every duration in it
 * by less than 10 percent.
 */

const step = Math.log(1.2);

/** From a tenth of a millisecond to five minutes. */
const [first, last] = [-12, 69];

/** The number of the range that a duration is in. */
export const bucketOf = (ms: number): number =>
  ms <= 0 ? first : Math.min(last, Math.max(first, Math.ceil(Math.log(ms) / step)));

/** The geometric middle of a range, in milliseconds. */
const middleOf = (bucket: number): number => Math.exp((bucket - 0.5) * step);

/** Calls that were counted together. */
export interface Counted {
  readonly bucket: number;
  readonly requests: number;
  readonly errors: number;
  readonly totalMs: number;
}

export interface Figures {
  requests: number;
  meanMs: number;
  p95Ms: number;
  errorRate: number;
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** The figures of some calls. All are 0 when there were none. */
export function figuresOf(calls: readonly Counted[]): Figures {
  const total = { requests: 0, errors: 0, totalMs: 0 };
  for (const { requests, errors, totalMs } of calls) {
    total.requests += requests;
    total.errors += errors;
    total.totalMs += totalMs;
  }
  const { requests, errors, totalMs } = total;
  if (requests === 0) return { requests, meanMs: 0, p95Ms: 0, errorRate: 0 };
  let left = Math.ceil(0.95 * requests);
  const slow = calls.toSorted((a, b) => a.bucket - b.bucket).find((call) => (left -= call.requests) <= 0);
  return {
    requests,
    meanMs: rounded(totalMs / requests, 2),
    p95Ms: rounded(middleOf(slow?.bucket ?? last), 2),
    errorRate: rounded(errors / requests, 4),
  };
}
