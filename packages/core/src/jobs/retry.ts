import { DomainError } from '../kernel/errors.ts';

const firstDelayMs = 5000;
const longestDelayMs = 3_600_000;
const messageLimit = 500;

/**
 * Answers how long to wait after a failed attempt, in milliseconds. The delay doubles each time, from 5 s to 1 h. The second half of the
 * delay is random, so that jobs that failed together do not retry together.
 */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
  return Math.round(full / 2 + (random() * full) / 2);
}

const secrets: readonly [RegExp, string][] = [
  // The ORM puts the statement with its parameters before the reason.
  [/^(?:insert|update|delete|select|with)\b[\s\S]* - /i, ''],
  [/\/\/[^/\s@]+@/g, '//[redacted]@'],
  [/\b(bearer|basic)\s+\S+/gi, '$1 [redacted]'],
  [/\b((?:password|secret|token|api[-_]?key|authorization)\w*["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi, '$1[redacted]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]'],
  [/\b(?!(?:[0-9a-f]{4,12}-){4}[0-9a-f]{12}\b)(?=[\w-]*\d)[\w-]{32,}\b/gi, '[redacted]'],
];

/** Describes for an operator why an attempt failed. The text contains no statements, credentials or tokens, so it may be stored. */
export function failureMessage(error: unknown): string {
  if (error instanceof DomainError) return `${error.code}: ${error.message}`;
  const text = error instanceof Error ? `${error.name}: ${clean(error.message)}` : clean(String(error));
  return text.length > messageLimit ? `${text.slice(0, messageLimit - 1)}…` : text;
}

const clean = (text: string): string =>
  secrets.reduce(
    (found, [pattern, replacement]) => found.replace(pattern, replacement),
    text.slice(0, 20 * messageLimit),
  );
