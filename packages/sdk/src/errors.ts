import type { Problem, ProblemField } from './contract.ts';

/** Why a role that has the permission still does not allow the action. */
export type ProblemConstraint = NonNullable<Problem['constraint']>;

/** How to finish a sign-in that asks for a second factor. */
export type ProblemChallenge = NonNullable<Problem['challenge']>;

/** The parts of an error: the known fields of the problem, and what the response's headers add. */
export interface ErrorParts extends Partial<Problem> {
  /** In seconds. */
  retryAfter?: number | null;
  /** What has led to it. */
  cause?: unknown;
}

/** How many wrong fields a message names. `errors` has all of them. */
const mostErrorsInMessage = 3;

function messageOf({ detail, status, errors = [] }: ErrorParts): string {
  const wrong = errors.slice(0, mostErrorsInMessage).map(({ path, message }) => `${path}: ${message}`);
  const more = errors.length > mostErrorsInMessage ? [`and ${errors.length - mostErrorsInMessage} more`] : [];
  return [detail ?? `The server answered ${status}.`, ...wrong, ...more].join(' ');
}

/**
 * The error of a call that did not succeed. Each status that the server answers has a subclass. `code` says more exactly why,
 * and stays the same even when `detail` is reworded.
 */
export class TenonError extends Error {
  /** The name of the class. */
  override readonly name: string = 'TenonError';
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Stable. Programs decide by it. */
  readonly code: string;
  /** One sentence for people. */
  readonly detail: string;
  /** Mention it when you ask the server's operators; null when there was no answer. */
  readonly requestId: string | null;
  /** Every wrong field, with a JSON Pointer that begins with `/body`, `/query`, `/path` or `/header`. */
  readonly errors: readonly ProblemField[];
  /** The missing permission, in a PermissionDeniedError. */
  readonly permission: string | null;
  /** The keys of the roles that have the missing permission. */
  readonly grantedBy: readonly string[];
  /** What refused the action although the permission is there. */
  readonly constraint: ProblemConstraint | null;
  /** The limit that is reached, in a LimitExceededError. */
  readonly limit: string | null;
  /** How much the limit allows. */
  readonly max: number | null;
  /** With the code `second_factor_required`: the challenge for `tenon.auth.verifySecondFactor`. */
  readonly challenge: ProblemChallenge | null;
  /** When to try again, in seconds from now, if the server said so. */
  readonly retryAfter: number | null;

  constructor(parts: ErrorParts) {
    super(messageOf(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.status = parts.status ?? null;
    this.code = parts.code ?? 'unknown';
    this.detail = parts.detail ?? this.message;
    this.requestId = parts.requestId ?? null;
    this.errors = parts.errors ?? [];
    this.permission = parts.permission ?? null;
    this.grantedBy = parts.grantedBy ?? [];
    this.constraint = parts.constraint ?? null;
    this.limit = parts.limit ?? null;
    this.max = parts.max ?? null;
    this.challenge = parts.challenge ?? null;
    this.retryAfter = parts.retryAfter ?? null;
  }
}

/** 400: see `errors`. */
export class BadRequestError extends TenonError {
  override readonly name = 'BadRequestError';
  declare readonly status: 400;
}

/** 401: nobody is signed in, or the session has ended. */
export class UnauthenticatedError extends TenonError {
  override readonly name = 'UnauthenticatedError';
  declare readonly status: 401;
}

/** 402: see `limit` and `max`. */
export class LimitExceededError extends TenonError {
  override readonly name = 'LimitExceededError';
  declare readonly status: 402;
}

/** 403: see `permission`, `grantedBy` and `constraint`. */
export class PermissionDeniedError extends TenonError {
  override readonly name = 'PermissionDeniedError';
  declare readonly status: 403;
}

/** 404: it does not exist, or you may not see it. */
export class NotFoundError extends TenonError {
  override readonly name = 'NotFoundError';
  declare readonly status: 404;
}

/** 409: it conflicts with the current state. */
export class ConflictError extends TenonError {
  override readonly name = 'ConflictError';
  declare readonly status: 409;
}

/** 412: it has changed since the version in `ifMatch`. */
export class PreconditionFailedError extends TenonError {
  override readonly name = 'PreconditionFailedError';
  declare readonly status: 412;
}

/** 413: the input is too large. */
export class PayloadTooLargeError extends TenonError {
  override readonly name = 'PayloadTooLargeError';
  declare readonly status: 413;
}

/** 422: the idempotency key was used with another input. */
export class UnprocessableError extends TenonError {
  override readonly name = 'UnprocessableError';
  declare readonly status: 422;
}

/** 429: see `retryAfter`. */
export class RateLimitedError extends TenonError {
  override readonly name = 'RateLimitedError';
  declare readonly status: 429;
}

/** 503, or 502 and 504 from a proxy in front of the server. */
export class UnavailableError extends TenonError {
  override readonly name = 'UnavailableError';
  declare readonly status: 502 | 503 | 504;
}

/** 500, and every other 5xx: an error of the server, not of the caller. */
export class InternalError extends TenonError {
  override readonly name = 'InternalError';
  declare readonly status: number;
}

/** The server could not be reached, or the connection was lost before the whole answer arrived: see `cause`. */
export class ConnectionError extends TenonError {
  override readonly name = 'ConnectionError';
  declare readonly status: null;

  constructor(cause: unknown) {
    super({ code: 'connection_failed', detail: 'The server could not be reached, or the connection was lost.', cause });
  }
}

/** There was no answer in time. Whether the call has acted is unknown, unless you try it again with its idempotency key. */
export class TimeoutError extends TenonError {
  override readonly name = 'TimeoutError';
  declare readonly status: null;

  /** @param timeoutMs how long the client waited, in milliseconds */
  constructor(timeoutMs: number) {
    super({ code: 'timed_out', detail: `There was no answer within ${timeoutMs} ms.` });
  }
}
