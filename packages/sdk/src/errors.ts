import type { Problem, ProblemField } from '@tenon/api';

/** Why a role that has the permission still refuses. */
export type ProblemConstraint = NonNullable<Problem['constraint']>;

/** How to finish a sign-in that asks for a second factor. */
export type ProblemChallenge = NonNullable<Problem['challenge']>;

/** What an error is made of: a problem as far as it is known, and what its response says beside it. */
export interface ErrorParts extends Partial<Problem> {
  /** In seconds. */
  retryAfter?: number | null;
  cause?: unknown;
}

/** More in a message helps nobody; `errors` has them all. */
const mostErrorsInMessage = 3;

function messageOf({ detail, status, errors = [] }: ErrorParts): string {
  const wrong = errors.slice(0, mostErrorsInMessage).map(({ path, message }) => `${path}: ${message}`);
  const more = errors.length > mostErrorsInMessage ? [`and ${errors.length - mostErrorsInMessage} more`] : [];
  return [detail ?? `The server answered ${status}.`, ...wrong, ...more].join(' ');
}

/**
 * A call that did not succeed. What the server answered is one of its classes, one for each status; `code` says more exactly
 * why, and stays the same where `detail` may be reworded.
 */
export class TenonError extends Error {
  override readonly name: string = 'TenonError';
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Stable: what programs decide by. */
  readonly code: string;
  /** One sentence for people. */
  readonly detail: string;
  /** What to name when asking the server's operators; null when there was no answer. */
  readonly requestId: string | null;
  /** Every wrong field, by a JSON Pointer that begins with `/body`, `/query`, `/path` or `/header`. */
  readonly errors: readonly ProblemField[];
  /** The permission that is missing, of PermissionDeniedError. */
  readonly permission: string | null;
  /** The keys of the roles that have the missing permission. */
  readonly grantedBy: readonly string[];
  /** What refused although the permission is there. */
  readonly constraint: ProblemConstraint | null;
  /** The limit that is reached and how much it allows, of LimitExceededError. */
  readonly limit: string | null;
  readonly max: number | null;
  /** Of `second_factor_required`: what `tenon.auth.verifySecondFactor` answers. */
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

/** 401: nobody is signed in, or no longer. */
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

/** 404: it does not exist, or not for you. */
export class NotFoundError extends TenonError {
  override readonly name = 'NotFoundError';
  declare readonly status: 404;
}

/** 409: the state of things forbids it. */
export class ConflictError extends TenonError {
  override readonly name = 'ConflictError';
  declare readonly status: 409;
}

/** 412: it has changed since the version in `ifMatch`. */
export class PreconditionFailedError extends TenonError {
  override readonly name = 'PreconditionFailedError';
  declare readonly status: 412;
}

/** 413: the input is larger than is allowed. */
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

/** 503, or 502 and 504 from what stands before the server. */
export class UnavailableError extends TenonError {
  override readonly name = 'UnavailableError';
  declare readonly status: 502 | 503 | 504;
}

/** 500, and every other 5xx: it is not your fault. */
export class InternalError extends TenonError {
  override readonly name = 'InternalError';
  declare readonly status: number;
}

/** The server could not be reached, or the connection was lost before all of the answer was here: see `cause`. */
export class ConnectionError extends TenonError {
  override readonly name = 'ConnectionError';
  declare readonly status: null;

  constructor(cause: unknown) {
    super({ code: 'connection_failed', detail: 'The server could not be reached, or the connection was lost.', cause });
  }
}

/** There was no answer in time. Whether the call has acted is not known, unless it is tried again with its idempotency key. */
export class TimeoutError extends TenonError {
  override readonly name = 'TimeoutError';
  declare readonly status: null;

  /** @param timeoutMs how long was waited, in milliseconds */
  constructor(timeoutMs: number) {
    super({ code: 'timed_out', detail: `There was no answer within ${timeoutMs} ms.` });
  }
}
