import type { AppRouter, Problem } from '@tenon/api';
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

/** Retry-After in seconds: it is a number of them, or a date. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after');
  if (text === null) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** The error of a response that is not `ok`, of which only a body from our server is a problem. */
export function fromResponse({ status, headers }: Response, body: unknown): TenonError {
  const requestId = headers.get('x-request-id');
  return errorOf(status, {
    ...(requestId !== null && { requestId }),
    ...(isProblem(body) && body),
    retryAfter: retryAfterOf(headers),
  });
}

type TrpcError = TRPCClientError<AppRouter>;

/** What tRPC made of the answers behind our errors. As their `cause` it would only repeat them, at length, in every log. */
const originals = new WeakMap<TenonError, TrpcError>();

function fromTrpc(error: TrpcError): TenonError | null {
  const problem: unknown = error.data?.problem;
  if (!isProblem(problem)) return null;
  // Of several calls in one response nobody could say whose headers these are, and a stream has sent its own before.
  const response = error.meta?.['response'];
  const headers =
    isObject(response) && 'headers' in response && response.headers instanceof Headers ? response.headers : null;
  const made = errorOf(problem.status, { ...problem, retryAfter: headers && retryAfterOf(headers) });
  originals.set(made, error);
  return made;
}

/** What sending a call ended with, as callers get it. Whatever is not an answer, nor was made an error before, is the network's. */
export function toTenonError(thrown: unknown): TenonError {
  if (thrown instanceof TenonError) return thrown;
  if (!isTRPCClientError<AppRouter>(thrown)) return new ConnectionError(thrown);
  const { cause } = thrown;
  return fromTrpc(thrown) ?? (cause instanceof TenonError ? cause : new ConnectionError(cause ?? thrown));
}

/** What tRPC's client wrapped on its way to the caller. */
export function unwrap(thrown: unknown): unknown {
  if (!isTRPCClientError<AppRouter>(thrown)) return thrown;
  return fromTrpc(thrown) ?? thrown.cause ?? thrown;
}

/** The other way: tRPC's client lets nothing else pass. */
export function toTrpcError(thrown: unknown): TrpcError {
  const original = thrown instanceof TenonError && originals.get(thrown);
  if (original) return original;
  return TRPCClientError.from(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
}
