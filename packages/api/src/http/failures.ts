import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ConnectionError, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { type ApiError, invalid, malformedBody, toApiError, transportErrors, wrongField } from '../errors.ts';
import { problemHeaders, toProblem } from '../problem.ts';

const problemType = 'application/problem+json';

/** Our errors for those of Fastify. */
const fromFastify: Readonly<Record<string, () => Error>> = {
  FST_ERR_NOT_FOUND: transportErrors.route_not_found,
  FST_ERR_BAD_URL: () => invalid(wrongField('/path', 'The path is not percent-encoded UTF-8.', 'invalid_format')),
  FST_ERR_MAX_PARAM_LENGTH: transportErrors.uri_too_long,
  FST_ERR_CTP_BODY_TOO_LARGE: transportErrors.payload_too_large,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: transportErrors.unsupported_media_type,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => malformedBody('It is not as long as Content-Length says.'),
};

/** Turns any error that ended a request into one that clients may read. */
export function toHttpError(thrown: unknown): ApiError {
  if (!(thrown instanceof Error)) return toApiError(thrown);
  const make = fromFastify[(thrown as Partial<FastifyError>).code ?? ''];
  return toApiError(make ? make() : thrown);
}

const wasAborted = ({ raw }: FastifyRequest): boolean => raw.destroyed && !raw.complete;

/** Logs server errors and aborted requests. The request log has the other errors by status, but no line for an aborted request. */
export function logFailure(request: FastifyRequest, error: ApiError): void {
  if (wasAborted(request)) request.log.info('the client went before it had sent everything');
  else if (error.status >= 500) request.log.error({ err: error.cause ?? error, code: error.problem }, 'request failed');
}

/** The error handler of REST and of everything else that is not tRPC. Answers problem+json. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toHttpError(thrown);
  logFailure(request, error);
  return (
    reply
      .code(error.status)
      .headers({ 'x-request-id': request.id, ...problemHeaders(error) })
      .type(problemType)
      // As bytes: for a string Fastify would add a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(toProblem(error, { url: request.url, requestId: request.id }))))
  );
}

/** The answer to a path that does not exist. */
export const sendNotFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendProblem(transportErrors.route_not_found(), request, reply);

const parserErrors: Readonly<Record<string, () => ApiError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: transportErrors.request_timeout,
  HPE_HEADER_OVERFLOW: transportErrors.header_fields_too_large,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: transportErrors.payload_too_large,
};

/** For Fastify's option of the same name. Answers what Node's HTTP parser refused before there was a request. */
export function clientErrorHandler(failure: ConnectionError, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const error = (parserErrors[failure.code] ?? transportErrors.bad_request)();
    const requestId = randomUUID();
    const body = JSON.stringify(toProblem(error, { url: '', requestId }));
    socket.write(
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n` +
        `Content-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `X-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy(failure);
}
