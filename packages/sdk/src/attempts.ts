import type { AccessTokens } from './access-tokens.ts';
import { withDeadline } from './deadline.ts';
import { retrying } from './retry.ts';
import type { Settings } from './settings.ts';

/** How a request is repeated and ended. */
interface AttemptOptions {
  /** The operationId, for hooks and the log. */
  operation: string;
  /** Whether it may be sent again. */
  isRepeatable: boolean;
  /** How long each try may take, in milliseconds. @default the client's */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Sends a request with a valid access token and a deadline, again after temporary failures.
 * @param send gets null when nobody is signed in, or when the client has an API key
 * @throws TenonError, or the signal's reason
 */
export function attempting<Result>(
  settings: Settings,
  tokens: AccessTokens,
  { operation, isRepeatable, timeoutMs = settings.timeoutMs, signal: caller }: AttemptOptions,
  send: (accessToken: string | null, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { runtime, observer } = settings;
  const retry = isRepeatable ? settings.retry : { ...settings.retry, limit: 0 };
  const attempt = () =>
    withDeadline((signal) => tokens.using((accessToken) => send(accessToken, signal)), { timeoutMs, signal: caller });
  return retrying(attempt, { operation, retry, runtime, observer, signal: caller });
}
