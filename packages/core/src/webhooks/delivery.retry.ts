/** The delays before the attempts, in seconds: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. Each counts from the attempt before it. */
const usualDelays: readonly number[] = [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000];

/** How much later an attempt may be, so that deliveries which failed together are not all sent again together. */
const jitter = 0.1;

/** A receiver that asks for more time gets at most this. */
const longestAskedMs = 24 * 3_600_000;

/**
 * How long to wait before the next attempt, in milliseconds. Null when there is none.
 * @param tries how many attempts have failed
 * @param askedMs how long the receiver has asked to wait (`Retry-After`)
 */
export function retryDelayMs(
  tries: number,
  askedMs = 0,
  delays: readonly number[] = usualDelays,
  random: () => number = Math.random,
): number | null {
  const seconds = delays[tries];
  if (seconds === undefined) return null;
  const usual = seconds * 1000 * (1 + jitter * random());
  return Math.round(Math.max(usual, Math.min(askedMs, longestAskedMs)));
}

/** Reads a header `Retry-After`: seconds, or an HTTP date. 0 when it is neither, or past. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
