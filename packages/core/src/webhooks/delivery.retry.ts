/** The delays before the attempts, in seconds: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. Each counts from the attempt before it. */
const usualDelays: readonly number[] = [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000];

/** An attempt may be later by up to this share of its delay, so that deliveries that failed together are not all retried together. */
const jitter = 0.1;

/** The longest delay that a receiver can ask for. */
const longestAskedMs = 24 * 3_600_000;

/**
 * Answers how long to wait before the next attempt, in milliseconds. Null when there is none.
 * @param tries the number of failed attempts
 * @param askedMs the delay that the receiver has asked for (`Retry-After`)
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

/** Reads a `Retry-After` header, which has seconds or an HTTP date. Answers 0 when it has neither, or a date in the past. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
