import type { FastifyReply, FastifyRequest } from 'fastify';
import { addVary } from './json.ts';

/** The headers that tRPC reads. Copying all of them would cost as much as reading one row from the database. */
const headersOfTrpc = ['accept', 'content-type', 'last-event-id', 'trpc-accept'] as const;

function headersOf({ headers }: FastifyRequest): Headers {
  const copied = new Headers();
  for (const name of headersOfTrpc) {
    const value = headers[name];
    if (typeof value === 'string') copied.set(name, value);
  }
  return copied;
}

/** Makes a Fetch API request, without the real host. Its signal aborts when the client disconnects before the answer. */
export function toFetchRequest(request: FastifyRequest, reply: FastifyReply): Request {
  const left = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) left.abort();
  });
  const { body } = request;
  // To a HEAD tRPC would answer 204 whatever the path is. Fastify leaves the body out.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return new Request(new URL(request.url, 'http://localhost'), {
    method,
    headers: headersOf(request),
    signal: left.signal,
    ...(typeof body === 'string' && method !== 'GET' && { body }),
  });
}

const isStream = ({ headers }: Response): boolean =>
  headers.has('transfer-encoding') || headers.get('content-type') === 'text/event-stream';

/** Sends a Fetch API response. Only streams are streamed, because that costs several writes and promises for each chunk. */
export async function sendFetchResponse(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  if (isStream(response)) return reply.send(response);
  const { vary, ...headers } = Object.fromEntries(response.headers);
  if (vary !== undefined) addVary(reply, vary);
  return reply
    .code(response.status)
    .headers(headers)
    .send(await response.text());
}
