import { DomainError, type ErrorDetails, type ErrorKind, errors, type Explanation, type FieldError } from '@tenon/core';
import { TRPCError } from '@trpc/server';

/** The kinds of core's errors, and kinds that only a transport has. */
export type FailureKind =
  | ErrorKind
  | 'method_not_allowed'
  | 'request_timeout'
  | 'uri_too_long'
  | 'range_not_satisfiable'
  | 'expectation_failed'
  | 'upgrade_required'
  | 'header_fields_too_large';

type TrpcCode = TRPCError['code'];

/** The HTTP status and the tRPC code of each kind. The compiler asks for a line here when a kind is added. */
export const kinds: Readonly<Record<FailureKind, { status: number; trpc: TrpcCode }>> = {
  validation: { status: 400, trpc: 'BAD_REQUEST' },
  unauthenticated: { status: 401, trpc: 'UNAUTHORIZED' },
  limit_exceeded: { status: 402, trpc: 'PAYMENT_REQUIRED' },
  forbidden: { status: 403, trpc: 'FORBIDDEN' },
  not_found: { status: 404, trpc: 'NOT_FOUND' },
  method_not_allowed: { status: 405, trpc: 'METHOD_NOT_SUPPORTED' },
  request_timeout: { status: 408, trpc: 'TIMEOUT' },
  conflict: { status: 409, trpc: 'CONFLICT' },
  precondition_failed: { status: 412, trpc: 'PRECONDITION_FAILED' },
  payload_too_large: { status: 413, trpc: 'PAYLOAD_TOO_LARGE' },
  uri_too_long: { status: 414, trpc: 'BAD_REQUEST' },
  unsupported_media_type: { status: 415, trpc: 'UNSUPPORTED_MEDIA_TYPE' },
  range_not_satisfiable: { status: 416, trpc: 'BAD_REQUEST' },
  expectation_failed: { status: 417, trpc: 'BAD_REQUEST' },
  unprocessable: { status: 422, trpc: 'UNPROCESSABLE_CONTENT' },
  upgrade_required: { status: 426, trpc: 'BAD_REQUEST' },
  rate_limited: { status: 429, trpc: 'TOO_MANY_REQUESTS' },
  header_fields_too_large: { status: 431, trpc: 'BAD_REQUEST' },
  internal: { status: 500, trpc: 'INTERNAL_SERVER_ERROR' },
  unavailable: { status: 503, trpc: 'SERVICE_UNAVAILABLE' },
};

/** An error that clients may read. Its `cause` is the original error, for the log. */
export class ApiError extends TRPCError {
  readonly kind: FailureKind;
  /** Our stable code. `code` is tRPC's. */
  readonly problem: string;
  readonly status: number;
  readonly details: ErrorDetails;
  /** The headers that only this error is sent with. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: FailureKind,
    problem: string,
    message: string,
    details: ErrorDetails = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super({ code: kinds[kind].trpc, message, cause: details.cause });
    this.kind = kind;
    this.problem = problem;
    this.status = kinds[kind].status;
    this.details = details;
    this.headers = headers;
  }
}

interface TransportDefinition extends Explanation {
  readonly kind: FailureKind;
  readonly message: string;
}

/** The errors of the transports themselves, as core declares its own. */
const definitions = {
  route_not_found: {
    kind: 'not_found',
    message: 'There is nothing at this path.',
    cause: 'No operation and no page has this path.',
    remedy: 'Compare the path with the document at `/openapi.json`. The paths of the API begin with `/api/v1`.',
  },
  procedure_not_found: {
    kind: 'not_found',
    message: 'There is no such procedure.',
    cause: 'No tRPC procedure has this name. Some operations exist over REST only.',
    remedy:
      'Use the operationId from the document at `/openapi.json` as the name. Update a client that is older than the server.',
  },
  method_not_allowed: {
    kind: 'method_not_allowed',
    message: 'This path does not answer this method: see Allow.',
    cause: 'The path exists, and no operation there has this method.',
    remedy: 'Use one of the methods in the header `Allow` of the answer.',
  },
  request_timeout: {
    kind: 'request_timeout',
    message: 'The request took too long to arrive.',
    cause: 'The headers or the body of the request arrived too slowly, and the server closed the connection.',
    remedy: 'Send the request again, and send all of it at once.',
  },
  uri_too_long: {
    kind: 'uri_too_long',
    message: 'The address is longer than is allowed.',
    cause: 'The URL has more characters than the server reads.',
    remedy: 'Send fewer values in the query, or fewer calls in one tRPC batch.',
  },
  unsupported_media_type: {
    kind: 'unsupported_media_type',
    message:
      'Send the body as application/json (or application/merge-patch+json), unless the operation takes another media type.',
    cause: 'The operation does not take the `Content-Type`, `Content-Encoding` or charset of the body.',
    remedy: 'Send JSON in UTF-8, without compression, as `application/json`. Files are sent as `multipart/form-data`.',
  },
  range_not_satisfiable: {
    kind: 'range_not_satisfiable',
    message: 'The file has no bytes in this range.',
    cause: '`Range` begins after the end of the file.',
    remedy:
      'Read the size of the file in the header `Content-Range` of the answer. Leave out `Range` to get the whole file.',
  },
  expectation_failed: {
    kind: 'expectation_failed',
    message: 'The only Expect that is met is 100-continue.',
    cause: 'The request has a header `Expect` that asks for something else than `100-continue`.',
    remedy: 'Leave out the header `Expect`.',
  },
  header_fields_too_large: {
    kind: 'header_fields_too_large',
    message: 'The headers are larger than is allowed.',
    cause: 'The headers of the request are larger than the server reads. Often a cookie is too large.',
    remedy: 'Send fewer or shorter headers, and delete the cookies of the site.',
  },
  bad_request: {
    kind: 'validation',
    message: 'This is not a valid HTTP request.',
    cause: 'The server could not read the request as HTTP, so it does not know which operation was meant.',
    remedy: 'Send the request with an HTTP library, and check the proxies between the client and the server.',
  },
  cross_site_request: {
    kind: 'forbidden',
    message: 'A page of another site may not use the refresh cookie.',
    cause:
      'A page of another origin sent the request with the refresh cookie. Otherwise other sites could use your session.',
    remedy: 'Send the refresh token in the body, or ask the operator to add the origin of the page to `CORS_ORIGINS`.',
  },
  upgrade_required: {
    kind: 'upgrade_required',
    message: 'Connect with a WebSocket.',
    cause:
      'A WebSocket is served at this path, and the request did not ask for one. Often a proxy has removed its header `Upgrade`.',
    remedy: 'Connect with a WebSocket client, and let the proxy pass the headers `Upgrade` and `Connection` on.',
  },
  origin_not_allowed: {
    kind: 'forbidden',
    message: 'Pages of this origin may not connect.',
    cause:
      'A page of another origin asked for a WebSocket. CORS does not apply to them, so the server checks `Origin` itself.',
    remedy: 'Ask the operator to add the origin of the page to `CORS_ORIGINS`.',
  },
  subscriptions_only: {
    kind: 'method_not_allowed',
    message: 'A WebSocket carries subscriptions only.',
    cause: 'A query or a mutation was sent over a WebSocket, or a subscription to one.',
    remedy: 'Send queries and mutations over HTTP. `splitLink` of tRPC does this by the type of the call.',
  },
} as const satisfies Readonly<Record<string, TransportDefinition>>;

/** The declared errors of the transports, by code. */
export const transportDefinitions: Readonly<Record<string, TransportDefinition>> = definitions;

type TransportCode = keyof typeof definitions;

const refusal =
  (code: TransportCode, message: string = definitions[code].message, headers: ApiError['headers'] = {}) =>
  (): ApiError =>
    new ApiError(definitions[code].kind, code, message, {}, headers);

/** Makes the errors of the transports. */
export const transportErrors = {
  route_not_found: refusal('route_not_found'),
  procedure_not_found: refusal('procedure_not_found'),
  method_not_allowed: refusal('method_not_allowed'),
  request_timeout: refusal('request_timeout'),
  /** Core declares this code, for files. */
  payload_too_large: () =>
    new ApiError('payload_too_large', 'payload_too_large', 'The body is larger than is allowed.'),
  uri_too_long: refusal('uri_too_long'),
  unsupported_media_type: refusal('unsupported_media_type'),
  body_unreadable: refusal('unsupported_media_type', 'Send the body in UTF-8 and without Content-Encoding.', {
    'accept-encoding': 'identity',
  }),
  /** @param size of the file, in bytes */
  range_not_satisfiable: (size: number) =>
    refusal('range_not_satisfiable', `The file has ${size} bytes, and none of them is in this range.`, {
      'content-range': `bytes */${size}`,
    })(),
  expectation_failed: refusal('expectation_failed'),
  header_fields_too_large: refusal('header_fields_too_large'),
  bad_request: refusal('bad_request'),
  cross_site_request: refusal('cross_site_request'),
  upgrade_required: refusal('upgrade_required', definitions.upgrade_required.message, {
    upgrade: 'websocket',
    connection: 'Upgrade',
  }),
  origin_not_allowed: refusal('origin_not_allowed'),
  subscriptions_only: refusal('subscriptions_only'),
};

/** More entries would not help, and would let a small request cause a large answer. */
const mostErrors = 100;

/** @returns `validation_failed` with one entry for each wrong field, at most 100. */
export const invalid = (...wrong: FieldError[]): DomainError =>
  errors.validation_failed({ errors: wrong.slice(0, mostErrors) });

/** A wrong field that a schema does not check: the body as a whole, a header, the path. */
export const wrongField = (path: string, message: string, code = 'custom'): FieldError => ({ path, code, message });

/** @returns `validation_failed` for the members of an object that occur twice */
export const duplicated = (paths: readonly string[]): DomainError =>
  invalid(...paths.map((path) => wrongField(path, 'This member occurs twice.')));

export const malformedBody = (message: string): DomainError => invalid(wrongField('/body', message, 'invalid_format'));

/** Makes a JSON Pointer from the property names of a field in an operation's input. */
export type PointerOf = (field: readonly PropertyKey[]) => string;

/**
 * Turns anything that was thrown into an error that clients may read. Errors that are not meant for clients become `internal`.
 *
 * @param pointerOf makes the pointers for the fields of the operation that failed
 */
export function toApiError(thrown: unknown, pointerOf?: PointerOf): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof DomainError) return fromDomain(thrown, pointerOf);
  if (thrown instanceof TRPCError) return fromTrpc(thrown, pointerOf);
  return unexpected(thrown);
}

function unexpected(cause: unknown): ApiError {
  const { kind, code, message } = errors.internal();
  return new ApiError(kind, code, message, { cause });
}

function fromDomain(error: DomainError, pointerOf?: PointerOf): ApiError {
  const { field, fields = [], ...details } = error.details;
  const named = field ? [{ field, message: error.message }, ...fields] : fields;
  const pointed = pointerOf ? named.map((each) => wrongField(pointerOf(each.field), each.message)) : [];
  const wrong = [...(details.errors ?? []), ...pointed];
  return new ApiError(error.kind, error.code, error.message, {
    ...details,
    ...(wrong.length > 0 ? { errors: wrong } : {}),
    cause: error,
  });
}

/** Our errors for those that tRPC throws itself. Null: it is our mistake. The compiler asks for a line when tRPC adds a code. */
const fromTrpcCode: Readonly<Record<TrpcCode, (() => Error) | null>> = {
  PARSE_ERROR: () => malformedBody('It is not valid JSON.'),
  BAD_REQUEST: transportErrors.bad_request,
  UNAUTHORIZED: errors.unauthenticated,
  PAYMENT_REQUIRED: errors.limit_exceeded,
  FORBIDDEN: errors.permission_denied,
  NOT_FOUND: transportErrors.procedure_not_found,
  METHOD_NOT_SUPPORTED: transportErrors.method_not_allowed,
  TIMEOUT: transportErrors.request_timeout,
  CONFLICT: transportErrors.bad_request,
  PRECONDITION_FAILED: errors.version_conflict,
  PAYLOAD_TOO_LARGE: transportErrors.payload_too_large,
  UNSUPPORTED_MEDIA_TYPE: transportErrors.unsupported_media_type,
  UNPROCESSABLE_CONTENT: transportErrors.bad_request,
  PRECONDITION_REQUIRED: transportErrors.bad_request,
  TOO_MANY_REQUESTS: errors.rate_limited,
  CLIENT_CLOSED_REQUEST: transportErrors.bad_request,
  INTERNAL_SERVER_ERROR: null,
  NOT_IMPLEMENTED: null,
  BAD_GATEWAY: null,
  SERVICE_UNAVAILABLE: null,
  GATEWAY_TIMEOUT: null,
};

/** Errors that tRPC throws itself, for a wrong path, method, batch or body. */
function fromTrpc(error: TRPCError, pointerOf?: PointerOf): ApiError {
  const { cause, code } = error;
  if (cause instanceof DomainError || cause instanceof TRPCError) return toApiError(cause, pointerOf);
  if (cause instanceof SyntaxError) return toApiError(malformedBody('It is not valid JSON.'));
  if (kinds.validation.trpc === code)
    return toApiError(errors.validation_failed({ message: error.message, cause: error }));
  const make = fromTrpcCode[code];
  return make ? toApiError(make()) : unexpected(cause ?? error);
}
