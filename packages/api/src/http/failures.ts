import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify';
import { type ApiError, invalid, malformedBody, toApiError, transportErrors, wrongField } from '../errors.ts';
import { problemHeaders, toProblem } from '../problem.ts';
import { isReceivingFile } from './upload.ts';

const problemType = 'application/problem+json';

const badUrl = () => invalid(wrongField('/path', 'The path is not percent-encoded UTF-8.', 'invalid_format'));
const badJson = () => malformedBody('It is not valid JSON.');

/** Our errors for those with which Fastify refuses a request, by Fastify's code. All its other errors are our mistakes. */
const fromFastify: ReadonlyMap<unknown, () => Error> = new Map<string, () => Error>([
  ['FST_ERR_NOT_FOUND', transportErrors.route_not_found],
  ['FST_ERR_BAD_URL', badUrl],
  ['FST_ERR_INVALID_URL', badUrl],
  ['FST_ERR_MAX_PARAM_LENGTH', transportErrors.uri_too_long],
  ['FST_ERR_VALIDATION', transportErrors.bad_request],
  ['FST_ERR_CTP_BODY_TOO_LARGE', transportErrors.payload_too_large],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', transportErrors.unsupported_media_type],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', () => malformedBody('It is not as long as Content-Length says.')],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', badJson],
  ['FST_ERR_CTP_INVALID_JSON_BODY', badJson],
  ['FST_ERR_CTP_INSTANCE_ALREADY_STARTED', transportErrors.bad_request],
  ['FST_ERR_ROUTE_MISSING_CONTENT_TYPE', transportErrors.bad_request],
  ['FST_ERR_ROUTE_MISSING_CONTENT', transportErrors.bad_request],
]);

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

/** Turns any error that ended a request into one that clients may read. */
export function toHttpError(thrown: unknown): ApiError {
  if (!(thrown instanceof Error)) return toApiError(thrown);
  const make = fromFastify.get(codeOf(thrown));
  return toApiError(make ? make() : thrown);
}

const wasAborted = ({ raw }: FastifyRequest): boolean => raw.destroyed && !raw.complete;

/** Logs server errors and aborted requests. The request log has the other errors by status, but no line for an aborted request. */
export function logFailure(request: FastifyRequest, error: ApiError): void {
  const { id: requestId, log } = request;
  if (wasAborted(request)) log.info({ requestId }, 'the client went before it had sent everything');
  else if (error.status >= 500)
    log.error({ requestId, err: error.cause ?? error, code: error.problem }, 'request failed');
}

/** Adds the request id to the answer. */
export const addRequestId = ({ id }: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.header('x-request-id', id);

/** The error handler of REST and of everything else that is not tRPC. Answers problem+json. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toHttpError(thrown);
  logFailure(request, error);
  return (
    reply
      .code(error.status)
      .headers(problemHeaders(error))
      .type(problemType)
      // As bytes: for a string Fastify would add a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(toProblem(error, { url: request.url, requestId: request.id }))))
  );
}

/** The answer to a path that does not exist. */
export const sendNotFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendProblem(transportErrors.route_not_found(), request, reply);

/** Our errors for those of Node's HTTP parser. All its other errors are `bad_request`. */
const parserErrors: ReadonlyMap<unknown, () => ApiError> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', transportErrors.request_timeout],
  ['HPE_HEADER_OVERFLOW', transportErrors.header_fields_too_large],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', transportErrors.payload_too_large],
]);

/** Answers on a connection for which there is no request, and ends it. */
export function refuseConnection(
  socket: Duplex,
  error: ApiError,
  headers: Readonly<Record<string, string>> = {},
): void {
  const requestId = randomUUID();
  const body = JSON.stringify(toProblem(error, { url: '', requestId }));
  const lines = Object.entries({
    ...headers,
    'Content-Type': problemType,
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestId,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`);
}

/** For Fastify's option of the same name. Answers what Node's HTTP parser refused before there was a request. */
export function clientErrorHandler(failure: ConnectionError, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || socket.destroyed) return;
  if (failure.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isReceivingFile(socket)) return;
  const make = parserErrors.get(failure.code) ?? transportErrors.bad_request;
  if (socket.writable) refuseConnection(socket, make());
  socket.destroySoon();
}
