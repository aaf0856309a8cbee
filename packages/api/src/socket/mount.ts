import { type IncomingMessage, ServerResponse } from 'node:http';
import { type EventStream, liveErrors } from '@tenon/core';
import type { AnyTRPCRouter } from '@trpc/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestContext, RequestParts } from '../context.ts';
import { transportErrors } from '../errors.ts';
import { callerHeadersOf } from '../headers.ts';
import { refuseConnection, sendProblem } from '../http/failures.ts';
import { isTrustedOrigin, type OriginSettings } from '../http/transport.ts';
import { operationsOf, withoutRestOnly } from '../operations.ts';
import { pathOf } from '../problem.ts';
import { isStream, trpcPrefix } from '../trpc-mount.ts';
import { callOf } from '../trpc.ts';
import { inputOf } from './messages.ts';
import { Socket, type SocketParts } from './socket.ts';

/** The most that a client may send in one message, in bytes. */
const largestMessage = 16 * 1024;

/** The version of the protocol that the library speaks, and the only one there is (RFC 6455). */
const protocolVersion = '13';

/** For Node's option `shouldUpgradeCallback`. Every other request with Upgrade is answered over HTTP, as if it had none. */
export const isSocketRequest = ({ method, url = '', headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && pathOf(url) === trpcPrefix;

/** Loads what only sockets need, with the first of them, so that the server starts without it. */
async function load(router: AnyTRPCRouter) {
  const { WebSocketServer } = await import('ws');
  // Compression would keep some 100 kB for each socket. Pings are answered by `Socket`, which counts what waits.
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false, autoPong: false };
  const server = new WebSocketServer({ ...options, maxPayload: largestMessage });
  server.on('wsClientError', (_error, connection) =>
    refuseConnection(connection, transportErrors.bad_request(), { 'Sec-WebSocket-Version': protocolVersion }),
  );
  return { server, operations: operationsOf(withoutRestOnly(router)) };
}

/** Serves the subscriptions of a router over WebSocket, for wsLink. The path is that of the prefix. */
export function mountSockets(
  app: FastifyInstance,
  router: AnyTRPCRouter,
  origins: OriginSettings,
  makeContext: (request: FastifyRequest, parts: Pick<RequestParts, 'url' | 'headers' | 'repeatedIn'>) => RequestContext,
): void {
  /** What the client has sent after the headers of a request that asks for a socket. */
  const heads = new WeakMap<IncomingMessage, Buffer>();
  const sockets = new Set<Socket>();
  let isStopping = false;
  let loading: ReturnType<typeof load> | undefined;

  // Through the routes, so that a request for a socket is checked, logged and refused as every other.
  app.server.on('upgrade', (message: IncomingMessage, _connection: unknown, head: Buffer) => {
    const { socket } = message;
    // Node has taken its own listener away, and an error without one ends the process.
    socket.on('error', () => socket.destroy());
    heads.set(message, head);
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.once('finish', () => socket.destroySoon());
    response.assignSocket(socket);
    app.routing(message, response);
  });

  app.addHook('preClose', async () => {
    isStopping = true;
    for (const socket of sockets) socket.end(liveErrors.server_stopping());
  });
  app.setErrorHandler(sendProblem);

  app.route({
    method: 'GET',
    url: '',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { raw, headers, id: requestId, log } = request;
      const head = heads.get(raw);
      if (!head) throw transportErrors.upgrade_required();
      // CORS does not apply to sockets, so a page of any site could open one. There is no cookie that it could misuse, but with a token it
      // could read what CORS keeps it from reading over HTTP.
      if (headers.origin !== undefined && !isTrustedOrigin(headers.origin, request, origins))
        throw transportErrors.origin_not_allowed();
      const { server, operations } = await (loading ??= load(router));

      const open: SocketParts['open'] = async (message, callerHeaders, repeated): Promise<EventStream> => {
        const { path } = message.params;
        const operation = operations.get(path);
        if (!operation) throw transportErrors.procedure_not_found();
        if (message.method !== 'subscription' || operation.kind !== 'stream')
          throw transportErrors.subscriptions_only();
        const parts = { url: `${trpcPrefix}/${path}`, headers: callerHeaders, repeatedIn: () => repeated };
        const stream = await operation.call(callOf(makeContext(request, parts), path, 0, () => inputOf(message)));
        if (!isStream(stream)) throw new Error(`${path} answered no stream.`);
        return stream;
      };

      reply.hijack();
      reply.raw.detachSocket(raw.socket);
      server.handleUpgrade(raw, raw.socket, head, (webSocket) => {
        const began = performance.now();
        const sendsParams = new URL(request.url, origins.publicUrl).searchParams.get('connectionParams') === '1';
        const socket = new Socket({
          socket: webSocket,
          headers: sendsParams ? null : callerHeadersOf(sentOnce(headers)),
          open,
          log,
          request: { requestId, url: trpcPrefix },
        });
        sockets.add(socket);
        webSocket.once('close', (code) => {
          sockets.delete(socket);
          const durationMs = Math.round(performance.now() - began);
          log.info({ requestId, path: trpcPrefix, code, durationMs }, 'socket closed');
        });
        if (isStopping) socket.end(liveErrors.server_stopping());
      });
    },
  });
}

/** The headers that are one text. Node makes lists of a few that nobody sends once. */
const sentOnce = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
