import type { Server } from 'node:http';
import { parseAddress } from '@tenon/core';
import type { AnyTRPCRouter } from '@trpc/server';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { appRouter } from './app-router.ts';
import { type Platform, RequestContext, type RequestParts } from './context.ts';
import { transportErrors } from './errors.ts';
import { clientErrorHandler, addRequestId, sendProblem } from './http/failures.ts';
import { answerOtherMethods } from './http/methods.ts';
import { unreadableBody } from './http/request-rules.ts';
import { HttpTransport } from './http/transport.ts';
import { rewriteUrl } from './rest/aliases.ts';
import { restPrefix } from './rest/answer.ts';
import { mountRest } from './rest/binding.ts';
import { isSocketRequest, mountSockets } from './socket/mount.ts';
import { mountTrpc, sendTrpcError, trpcPrefix } from './trpc-mount.ts';

/** In characters. No URL of ours is longer. Node itself limits only the size of all headers together. */
const longestUrl = 8_192;

/** The path of a batch contains the names of all its calls, so only the limit on the whole URL counts. */
const maxParamLength = longestUrl;

const isTrpc = (url: string): boolean => url.startsWith(`${trpcPrefix}/`);

/** Sends an error that occurred before a route was found, in the shape of its path. */
const sendError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  (isTrpc(request.url) ? sendTrpcError : sendProblem)(thrown, request, reply);

/**
 * Answers what no route should see: requests that are wrong as HTTP, methods that no route answers, and paths with nothing at them. A
 * server that has routes beside the API calls it before it declares them.
 */
export const answerUnknown = (app: FastifyInstance): void =>
  answerOtherMethods(app, sendError, (url) =>
    isTrpc(url) ? transportErrors.procedure_not_found() : transportErrors.route_not_found(),
  );

/** Options without which the API would break its contract. Create the server with `Fastify({ ...serverOptions, … })`. */
export const serverOptions = {
  bodyLimit: 1024 * 1024,
  routerOptions: { maxParamLength },
  rewriteUrl,
  clientErrorHandler,
  // Node would answer a request without Host by itself, without a body.
  // Node gives every request with Upgrade to the socket, and some clients ask all servers for HTTP/2 in this way.
  http: { requireHostHeader: false, shouldUpgradeCallback: isSocketRequest },
  // Fastify runs no hooks for these.
  frameworkErrors: (error, request, reply) => void sendError(error, request, addRequestId(request, reply)),
} satisfies FastifyHttpOptions<Server>;

export interface TenonApiOptions {
  platform: Platform;
  /** @default appRouter */
  router?: AnyTRPCRouter;
  /** The origins of other web pages that may use the refresh cookie. The API's own origin always may. */
  trustedOrigins?: readonly string[];
  /** Whether to compare every answer and problem with its declaration. For tests. @default false */
  checkOutputs?: boolean;
  /** Whether to compress long answers of JSON for clients that accept it, unless they contain secrets. @default true */
  compress?: boolean;
}

/** A request's property for its context. A WeakMap would keep requests alive until the next full garbage collection. */
const ownContext = Symbol('context');

/** Not an augmentation of Fastify's own type, which would reach the types of the SDK. */
type OwnRequest = FastifyRequest & { [ownContext]?: RequestContext | null };

/** The caller of a request, for the request log. Null until they are admitted, and for anonymous callers. */
export function callerOf(request: OwnRequest): { userId: string; organizationId: string | null } | null {
  return request[ownContext]?.principal ?? null;
}

/**
 * The client's address, as every budget and session knows it. It is the farthest that Fastify trusts. What a proxy wrote instead of an
 * address counts for the proxy, so that nobody gets a new budget by it.
 */
function addressOf({ ip, ips = [ip] }: FastifyRequest): string {
  // Undefined on a Unix socket, whatever the type says.
  const addresses = ips.map((text: string | undefined) => parseAddress(text ?? ''));
  return addresses.findLast((address) => address !== null) ?? '';
}

/** A Fastify plugin that serves the router as REST under /api/v1, as tRPC under /trpc, and its subscriptions over WebSocket at /trpc. */
export async function tenonApi(app: FastifyInstance, options: TenonApiOptions): Promise<void> {
  const { platform, router = appRouter, trustedOrigins = [], checkOutputs = false, compress = true } = options;
  if ((app.initialConfig.routerOptions?.maxParamLength ?? 0) < maxParamLength)
    throw new Error('Make the server with the serverOptions of @tenon/api.');

  answerUnknown(app);
  app.decorateRequest(ownContext, null);
  const contextOf = (
    request: OwnRequest,
    more: Pick<RequestParts, 'transport' | 'repeatedIn'> & Partial<Pick<RequestParts, 'url' | 'headers'>>,
  ): RequestContext => {
    const { id: requestId, method, url, headers } = request;
    const address = addressOf(request);
    const context = new RequestContext({
      platform,
      requestId,
      method,
      url,
      headers,
      address,
      checkOutputs,
      compress,
      ...more,
    });
    request[ownContext] = context;
    return context;
  };
  const { refreshTokenDays, publicUrl } = platform.settings;
  const cookies = { refreshTokenDays, publicUrl, trustedOrigins };

  await app.register(
    async (scope) => {
      addLimits(scope);
      mountRest(scope, router, (request, reply) =>
        contextOf(request, { transport: new HttpTransport(request, reply, cookies) }),
      );
    },
    { prefix: restPrefix },
  );
  await app.register(
    async (scope) => {
      addLimits(scope);
      mountTrpc(scope, router, (request, repeatedIn) => contextOf(request, { transport: null, repeatedIn }));
    },
    { prefix: trpcPrefix },
  );
  await app.register(
    async (scope) => {
      addLimits(scope);
      mountSockets(scope, router, cookies, (request, parts) => contextOf(request, { transport: null, ...parts }));
    },
    { prefix: trpcPrefix },
  );
}

function addLimits(scope: FastifyInstance): void {
  // With a callback: every request passes here, and a promise would cost more than the work itself.
  scope.addHook('onRequest', (request, _reply, done) => {
    if (request.url.length > longestUrl) done(transportErrors.uri_too_long());
    else done();
  });
  scope.addHook('preParsing', (request, _reply, _payload, done) => done(unreadableBody(request.raw)));
}
