import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler, RouteHandlerMethod } from 'fastify';
import type { AnyTRPCRouter } from '@trpc/server';
import type { RequestContext } from '../context.ts';
import { deprecationHeaders } from '../deprecation.ts';
import { sendNotFound, sendProblem } from '../http/failures.ts';
import { routeRefusals, widerUrls } from '../http/methods.ts';
import { type Operation, type RawInput } from '../operation.ts';
import { operationsOf } from '../operations.ts';
import { pointAtAlias, routeAliases, splitAliasBody } from './aliases.ts';
import { sendAnswer } from './answer.ts';
import { bodyFormats, otherType } from './body.ts';
import { InputReader } from './raw-input.ts';

export type MakeContext = (request: FastifyRequest, reply: FastifyReply) => RequestContext;

interface Route {
  operation: Operation;
  method: string;
  url: string;
  handler: RouteHandlerMethod;
}

/** Serves every operation of the router as a Fastify route. Everything else under the prefix is answered with a problem. */
export function mountRest(app: FastifyInstance, router: AnyTRPCRouter, makeContext: MakeContext): void {
  app.removeAllContentTypeParsers();
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(sendNotFound);

  const routes = routesOf(router, makeContext);
  for (const [kind, { types, limit, streamed = false }] of Object.entries(bodyFormats))
    app.register(async (scope) => {
      const options = { parseAs: 'buffer', ...(limit !== undefined && { bodyLimit: limit }) } as const;
      if (streamed) scope.addContentTypeParser([...types], (_request, _body, done) => done(null));
      else scope.addContentTypeParser([...types], options, (_request, body, done) => done(null, body));
      // The general error already says how to send JSON.
      if (kind !== 'json' && types.length > 0)
        scope.addContentTypeParser('*', (_request, _body, done) => done(otherType(types)));
      for (const { operation, ...route } of routes)
        if (operation.kind === kind)
          scope.route({ ...route, ...announcing(operation), exposeHeadRoute: hasHead(operation) });
    });
  routeRefusalsOfWiderPaths(app, routes);
}

function routesOf(router: AnyTRPCRouter, makeContext: MakeContext): Route[] {
  const operations = operationsOf(router);
  const routes: Route[] = [];
  for (const [name, operation] of operations) {
    const { method, path } = operation;
    routes.push({ operation, method, url: toUrl(path), handler: handlerOf(name, operation, makeContext) });
  }
  // PUT is the same operation as PATCH, unless the path declares its own PUT.
  for (const route of routes.filter(({ method }) => method === 'PATCH')) {
    if (!routes.some(({ method, url }) => method === 'PUT' && url === route.url))
      routes.push({ ...route, method: 'PUT' });
  }
  return [...routes, ...aliasRoutes(operations, makeContext)];
}

const toUrl = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

type Read = (request: FastifyRequest) => RawInput;

/** Calls an operation. Its input is read lazily, because the caller is authenticated first. */
async function serve(name: string, operation: Operation, read: Read, context: RequestContext, request: FastifyRequest) {
  let input: RawInput | undefined;
  await operation.call({
    request: context,
    name,
    rawInput: () => (input ??= read(request)),
    organizationInPath: () => paramsOf(request)['organizationId'],
  });
  if (!context.answer) throw new Error(`${name} ended without an answer.`);
  return context.answer;
}

/** Fastify cannot infer their type, as our routes come from declarations. They are always text. */
const paramsOf = (request: FastifyRequest) => request.params as Record<string, string>;

const lastEventIdOf = ({ headers }: FastifyRequest): string | undefined =>
  [headers['last-event-id']].flat()[0] || undefined;

const bodyOf = ({ body }: FastifyRequest): Buffer | undefined => (Buffer.isBuffer(body) ? body : undefined);

function handlerOf(name: string, operation: Operation, makeContext: MakeContext): RouteHandlerMethod {
  const reader = new InputReader(operation);
  const read: Read = (request) =>
    reader.read({
      url: request.url,
      params: paramsOf(request),
      body: reader.readBody(bodyOf(request)),
      lastEventId: operation.kind === 'stream' ? lastEventIdOf(request) : undefined,
    });
  return async (request, reply) => {
    const context = makeContext(request, reply);
    const answer = await serve(name, operation, read, context, request);
    return sendAnswer(operation, answer, context.compress, request, reply);
  };
}

function aliasRoutes(operations: ReadonlyMap<string, Operation>, makeContext: MakeContext): Route[] {
  return routeAliases.flatMap((alias) => {
    const operation = operations.get(alias.operation);
    if (!operation) return [];
    const reader = new InputReader(operation);
    const read: Read = (request) =>
      reader.read({ url: request.url, ...splitAliasBody(alias, reader.readBody(bodyOf(request))) });
    const handler: RouteHandlerMethod = async (request, reply) => {
      const context = makeContext(request, reply);
      const answer = await serve(alias.operation, operation, read, context, request).catch((thrown: unknown) => {
        throw pointAtAlias(alias, thrown);
      });
      return sendAnswer(operation, answer, context.compress, request, reply);
    };
    return [{ operation, method: alias.method, url: alias.path, handler }];
  });
}

/** Whether a GET also answers HEAD. One that writes does not: it would act, and the answer would be lost. A stream has no end. */
const hasHead = ({ type, kind }: Operation): boolean => type === 'query' && kind !== 'stream';

/** The hook of a deprecated operation, with which every answer says so, also those of errors. */
function announcing({ deprecated }: Operation): { onRequest?: onRequestHookHandler } {
  if (!deprecated) return {};
  const headers = deprecationHeaders(deprecated);
  return {
    onRequest: (_request, reply, done) => {
      reply.headers(headers);
      done();
    },
  };
}

/** The methods that a route answers. */
const methodsOf = ({ method, operation }: Route): string[] =>
  method === 'GET' && hasHead(operation) ? ['GET', 'HEAD'] : [method];

function routeRefusalsOfWiderPaths(app: FastifyInstance, routes: readonly Route[]): void {
  const byUrl = Map.groupBy(routes, ({ url }) => url);
  const methodsAt = (url: string): string[] => (byUrl.get(url) ?? []).flatMap(methodsOf);
  for (const [url, wider] of widerUrls(byUrl.keys())) {
    const refused = new Set(wider.flatMap(methodsAt)).difference(new Set(methodsAt(url)));
    if (refused.size > 0) routeRefusals(app, url, [...refused]);
  }
}
