import type { Problem } from './contract.ts';
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

/** The member of a value that these names lead to; undefined when there is none. */
const memberOf = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>((found, name) => (isObject(found) ? Reflect.get(found, name) : undefined), value);

/** What a call of a procedure was answered, by our error for it. */
const answers = new WeakMap<TenonError, { readonly answer: object; readonly response: Response }>();

/** The error of tRPC for which the server sent ours, and its response. Undefined when it sent none. */
export const trpcAnswerOf = (error: TenonError) => answers.get(error);

/** The error of an answer that has another form than those of our server. */
export const notTenon = (): ConnectionError =>
  new ConnectionError(new TypeError('The answer does not come from a Tenon server.'));

/**
 * The error of an answer that is no success, over REST or as tRPC writes it. In a batch, a call may fail although the response is `ok`.
 * @param body a problem, `{ error }` of tRPC, or anything when another server has sent it
 */
export function fromResponse(response: Response, body: unknown): TenonError {
  const { ok, status, headers } = response;
  const isTrpc = !isProblem(body);
  const problem = isTrpc ? memberOf(body, 'error', 'data', 'problem') : body;
  const known = isProblem(problem) ? problem : null;
  if (ok && !known) return notTenon();
  const requestId = headers.get('x-request-id');
  const error = errorOf(ok && known ? known.status : status, {
    ...(requestId !== null && { requestId }),
    ...known,
    retryAfter: retryAfterOf(headers),
  });
  if (isTrpc && known && isObject(body)) answers.set(error, { answer: body, response });
  return error;
}
