import type { AppRouter, Problem } from './contract.ts';
import { isTRPCClientError, TRPCClientError } from '@trpc/client';
import {
  BadRequestError,
  ConflictError,
  ConnectionError,
  type ErrorParts,
  InternalError,
  LimitExceededError,
  NotFoundError,
  PayloadTooLargeError,
  PermissionDeniedError,
  PreconditionFailedError,
  RateLimitedError,
  TenonError,
  UnauthenticatedError,
  UnavailableError,
  UnprocessableError,
} from './errors.ts';

const classes: Readonly<Record<number, typeof TenonError>> = {
  400: BadRequestError,
  401: UnauthenticatedError,
  402: LimitExceededError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  412: PreconditionFailedError,
  413: PayloadTooLargeError,
  422: UnprocessableError,
  429: RateLimitedError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

const errorOf = (status: number, parts: ErrorParts): TenonError => {
  const Class = classes[status] ?? (status >= 500 ? InternalError : TenonError);
  return new Class({ code: `http_${status}`, ...parts, status });
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isProblem = (value: unknown): value is Problem =>
  isObject(value) &&
  'code' in value &&
  typeof value.code === 'string' &&
  'detail' in value &&
  typeof value.detail === 'string';

/** Retry-After in seconds. The header is a number of seconds or a date. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after');
  if (text === null) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** The error of a response that is not `ok`. Its body is a problem only when our server sent it. */
export function fromResponse({ status, headers }: Response, body: unknown): TenonError {
  const requestId = headers.get('x-request-id');
  return errorOf(status, {
    ...(requestId !== null && { requestId }),
    ...(isProblem(body) && body),
    retryAfter: retryAfterOf(headers),
  });
}

type TrpcError = TRPCClientError<AppRouter>;

/** The errors that tRPC created for the same answers. As `cause` of ours they would repeat everything at length in every log. */
const originals = new WeakMap<TenonError, TrpcError>();

function fromTrpc(error: TrpcError): TenonError | null {
  const problem: unknown = error.data?.problem;
  if (!isProblem(problem)) return null;
  // In a batch the headers cannot be attributed to one call, and a stream has sent its headers before.
  const response = error.meta?.['response'];
  const headers =
    isObject(response) && 'headers' in response && response.headers instanceof Headers ? response.headers : null;
  const made = errorOf(problem.status, { ...problem, retryAfter: headers && retryAfterOf(headers) });
  originals.set(made, error);
  return made;
}

/** The error that callers get when sending fails. What is neither an answer nor already our error is a network failure. */
export function toTenonError(thrown: unknown): TenonError {
  if (thrown instanceof TenonError) return thrown;
  if (!isTRPCClientError<AppRouter>(thrown)) return new ConnectionError(thrown);
  const { cause } = thrown;
  return fromTrpc(thrown) ?? (cause instanceof TenonError ? cause : new ConnectionError(cause ?? thrown));
}

/** The error inside the one that tRPC's client wraps around it for the caller. */
export function unwrap(thrown: unknown): unknown {
  if (!isTRPCClientError<AppRouter>(thrown)) return thrown;
  return fromTrpc(thrown) ?? thrown.cause ?? thrown;
}

/** The reverse of `unwrap`, because tRPC's client lets no other errors pass. */
export function toTrpcError(thrown: unknown): TrpcError {
  const original = thrown instanceof TenonError && originals.get(thrown);
  if (original) return original;
  return TRPCClientError.from(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
}
