import type { AnyTRPCRouter } from '@trpc/server';
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { appRouter } from './app-router.ts';
import { type Platform, RequestContext } from './context.ts';
import { transportErrors } from './errors.ts';
import { clientErrorHandler, sendProblem } from './http/failures.ts';
import { HttpTransport } from './http/transport.ts';
import { rewriteUrl } from './rest/aliases.ts';
import { restPrefix } from './rest/answer.ts';
import { mountRest } from './rest/binding.ts';
import { mountTrpc, sendTrpcError, trpcPrefix } from './trpc-mount.ts';

/** Longer than any address of ours; Node itself stops at the size of all headers together. */
const longestUrl = 8_192;

/** A batch's path holds the names of all its calls: the limit on the whole address is the one that counts. */
const maxParamLength = longestUrl;

/** What the server must be made with for the API to keep its contract: `Fastify({ ...serverOptions, … })`. */
export const serverOptions = {
  bodyLimit: 1024 * 1024,
  routerOptions: { maxParamLength },
  rewriteUrl,
  clientErrorHandler,
  frameworkErrors: (error, request, reply) =>
    void (request.url.startsWith(`${trpcPrefix}/`) ? sendTrpcError : sendProblem)(error, request, reply),
} satisfies FastifyServerOptions;

export interface TenonApiOptions {
  platform: Platform;
  /** @default the application's own */
  router?: AnyTRPCRouter;
  /** The origins of web pages that may use the refresh cookie, beside the API's own. */
  trustedOrigins?: readonly string[];
  /** Holds every answer and problem against its declaration: for tests. @default false */
  checkOutputs?: boolean;
}

/** Where a request keeps its context. A WeakMap would keep every request past its end, until the next full collection. */
const ownContext = Symbol('context');

/** No augmentation of Fastify's own type: that would reach the types of the SDK. */
type OwnRequest = FastifyRequest & { [ownContext]?: RequestContext | null };

/** Who made a request, once it was admitted: for the request log. */
export function callerOf(request: OwnRequest): { userId: string; organizationId: string | null } | null {
  return request[ownContext]?.principal ?? null;
}

/** A Fastify plugin: the router as REST under /api/v1 and as tRPC under /trpc. */
export async function tenonApi(app: FastifyInstance, options: TenonApiOptions): Promise<void> {
  const { platform, router = appRouter, trustedOrigins = [], checkOutputs = false } = options;
  if ((app.initialConfig.routerOptions?.maxParamLength ?? 0) < maxParamLength)
    throw new Error('Make the server with the serverOptions of @tenon/api.');

  app.decorateRequest(ownContext, null);
  const contextOf = (request: OwnRequest, transport: HttpTransport | null): RequestContext => {
    const { id: requestId, url, headers, ip: address } = request;
    const context = new RequestContext({ platform, requestId, url, headers, address, transport, checkOutputs });
    request[ownContext] = context;
    return context;
  };
  const cookies = { refreshTokenDays: platform.settings.refreshTokenDays, trustedOrigins };

  await app.register(
    async (scope) => {
      addLimits(scope);
      mountRest(scope, router, (request, reply) => contextOf(request, new HttpTransport(request, reply, cookies)));
    },
    { prefix: restPrefix },
  );
  await app.register(
    async (scope) => {
      addLimits(scope);
      mountTrpc(scope, router, (request) => contextOf(request, null));
    },
    { prefix: trpcPrefix },
  );
}

function addLimits(scope: FastifyInstance): void {
  // By callback, as every request passes here and a promise costs more than all that is done.
  scope.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (request.url.length > longestUrl) done(transportErrors.uri_too_long());
    else done();
  });
}
