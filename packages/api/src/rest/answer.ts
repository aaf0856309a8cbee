import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Download, EventStream } from '@tenon/core';
import type { Answer } from '../context.ts';
import { sendDownload } from '../http/download.ts';
import { sendEventStream } from '../http/event-stream.ts';
import { sendJson, sendNotModified } from '../http/json.ts';
import type { Operation } from '../operation.ts';
import { pathOf } from '../problem.ts';

/** The URL prefix of REST. */
export const restPrefix = '/api/v1';

const member = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null && !Array.isArray(data) ? Reflect.get(data, name) : undefined;

/** The headers that both transports send: the version of the object, and whether the answer is a replay. */
export function answerHeaders({ etag, outcome }: Pick<Answer, 'etag' | 'outcome'>): Record<string, string> {
  const headers: Record<string, string> = {};
  if (outcome.replayed) headers['idempotency-replayed'] = 'true';
  if (etag !== null) headers.etag = etag;
  return headers;
}

/** The operation's canonical path, even when the request used an alias. */
const pathOfOperation = ({ path }: Operation, input: Record<string, unknown>): string =>
  restPrefix + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));

function locationOf(operation: Operation, { data, input }: Answer): string | null {
  if (operation.location) return restPrefix + operation.location(data as never);
  const id = member(data, 'id');
  return typeof id === 'string' ? `${pathOfOperation(operation, input)}/${encodeURIComponent(id)}` : null;
}

function nextLink(operation: Operation, { data, input }: Answer, url: string): string | null {
  const cursor = member(data, 'nextCursor');
  if (typeof cursor !== 'string') return null;
  const query = new URLSearchParams(url.slice(pathOf(url).length));
  query.set('cursor', cursor);
  return `<${pathOfOperation(operation, input)}?${query.toString()}>; rel="next"`;
}

/**
 * Sends the answer of an operation over REST: status, Location, ETag, Link and body.
 * @param compress whether the server compresses its answers
 */
export function sendAnswer(
  operation: Operation,
  answer: Answer,
  compress: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | Promise<FastifyReply> {
  reply.headers(answerHeaders(answer));
  if (answer.known !== null) return sendNotModified(reply, answer.known, { compress });
  const send = () => sendJson(reply, JSON.stringify(answer.data), { compress: compress && operation.compressible });
  if (operation.kind === 'stream') return sendEventStream(answer.data as EventStream, reply);
  if (answer.download) return sendDownload(answer.data as Download, answer.download, request, reply);
  if (answer.outcome.dryRun) {
    reply.code(200);
    return send();
  }
  if (answer.outcome.accepted) {
    const location = `${restPrefix}/jobs/${String(member(answer.data, 'id'))}`;
    reply.code(202).header('location', location);
    return send();
  }
  reply.code(operation.status);
  // A redirect has acted, so its answer must not be cached. OpenID Connect Back-Channel Logout asks the same of its form.
  if (operation.kind !== 'json') reply.header('cache-control', 'no-store');
  if (operation.kind === 'redirect') return reply.header('location', String(answer.data)).send();
  if (operation.output === null) return reply.send();
  const location = operation.status === 201 ? locationOf(operation, answer) : null;
  if (location) reply.header('location', location);
  const link = nextLink(operation, answer, request.url);
  if (link) reply.header('link', link);
  return send();
}
