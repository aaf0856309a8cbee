import type { EventStream } from '@tenon/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnyTRPCRouter } from '@trpc/server';
import { resolveResponse } from '@trpc/server/http';
import { isUtf8 } from 'node:buffer';
import { RequestContext } from './context.ts';
import { deprecationHeaders } from './deprecation.ts';
import { type ApiError, malformedBody, toApiError, transportErrors } from './errors.ts';
import { refuseHeaders } from './headers.ts';
import { whenStuck } from './http/event-stream.ts';
import { logFailure, toHttpError } from './http/failures.ts';
import { sendFetchResponse, toFetchRequest } from './http/fetch.ts';
import { addVary, sendNotModified } from './http/json.ts';
import { declareMethods, type MethodsAt } from './http/methods.ts';
import type { Operation } from './operation.ts';
import { operationsOf, withoutRestOnly } from './operations.ts';
import { problemHeaders } from './problem.ts';
import { answerHeaders } from './rest/answer.ts';
import { answerPlain, largestBatch, plainCalls, refusedInBatch, TrpcInput } from './trpc-plain.ts';
import { occurrences, toErrorShape } from './trpc.ts';

/** The URL prefix of tRPC. */
export const trpcPrefix = '/trpc';

/** The methods of the procedures in a path. tRPC answers what is wrong with a batch of which only some calls are. */
const methodsOf =
  (operations: ReadonlyMap<string, Operation>): MethodsAt =>
  (path) => {
    const called = path.split(',').flatMap((name) => operations.get(name) ?? []);
    const types = new Set(called.map(({ type }) => type));
    // A stream has no end, so it answers no HEAD.
    const reading = called.some(({ kind }) => kind === 'stream') ? ['GET'] : ['GET', 'HEAD'];
    const methods = [...(types.has('query') ? reading : []), ...(types.has('mutation') ? ['POST'] : [])];
    return methods.length > 0 ? methods : null;
  };

export const isStream = (data: unknown): data is EventStream =>
  typeof data === 'object' && data !== null && 'ended' in data;

interface TrpcParams {
  Params: { path: string };
}

/** Serves the router as tRPC, for httpLink, httpBatchLink, httpBatchStreamLink and httpSubscriptionLink. */
export function mountTrpc(
  app: FastifyInstance,
  router: AnyTRPCRouter,
  makeContext: (request: FastifyRequest, repeatedIn: RequestContext['repeatedIn']) => RequestContext,
): void {
  const served = withoutRestOnly(router);
  const operations = operationsOf(served);
  const methodsAt = methodsOf(operations);
  const announced = new Map(
    Array.from(operations).flatMap(([name, { deprecated }]) =>
      deprecated ? [[name, deprecationHeaders(deprecated)] as const] : [],
    ),
  );
  const answerOther = declareMethods(app, `${trpcPrefix}/`, methodsAt);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    // Fetch, which tRPC reads bodies with, leaves out a mark of byte order.
    if (isUtf8(body)) done(null, body.toString().replace(/^\ufeff/, ''));
    else done(malformedBody('It is not UTF-8.'));
  });
  app.setErrorHandler(sendTrpcError);
  app.setNotFoundHandler((request, reply) => sendTrpcError(transportErrors.procedure_not_found(), request, reply));

  app.route<TrpcParams>({
    method: ['GET', 'POST'],
    url: '/:path',
    // Before the body is read, because tRPC would look at its type before it looks for the procedure.
    onRequest: (req, res, done) => {
      // In a batch nothing would say which call a header belongs to.
      const deprecation = announced.get(req.params.path);
      if (deprecation) res.headers(deprecation);
      if (methodsAt(req.params.path)?.includes(req.method)) done();
      else answerOther(req, res);
    },
    handler: async (req, res) => {
      const input = new TrpcInput(req);
      const calls = plainCalls(operations, req, req.params.path, input);
      if (calls) return answerPlain(calls, input, makeContext(req, input.repeatedIn), req, res);
      const contexts: RequestContext[] = [];
      const failures: ApiError[] = [];
      const response = await occurrences.run({ url: req.url, requestId: req.id }, () =>
        resolveResponse({
          router: served,
          req: toFetchRequest(req, res),
          path: req.params.path,
          error: null,
          maxBatchSize: largestBatch,
          createContext: async ({ info }) => {
            if (info.calls.length > 1)
              refuseHeaders(refusedInBatch(req), 'A batch of several calls does not take this header.');
            const context = makeContext(req, input.repeatedIn);
            contexts.push(context);
            return context;
          },
          onError: ({ error }) => {
            const failure = toApiError(error);
            failures.push(failure);
            logFailure(req, failure);
          },
          responseMeta: ({ ctx, info, eagerGeneration }) => {
            // In a batch the headers could not be matched to a call, and a stream has sent its headers already.
            const single = info?.calls.length === 1 && !eagerGeneration && ctx instanceof RequestContext;
            const headers = single && ctx.answer ? answerHeaders(ctx.answer) : {};
            for (const failure of failures) Object.assign(headers, problemHeaders(failure));
            return { headers };
          },
        }),
      );
      const answered = contexts[0]?.answer?.data;
      if (isStream(answered))
        res.raw.once(
          'close',
          whenStuck(answered, () => res.raw.destroy()),
        );
      // Only the answer to a single call has an ETag.
      const known = response.headers.has('etag') ? (contexts[0]?.answer?.known ?? null) : null;
      if (known !== null) {
        addVary(res, response.headers.get('vary') ?? '');
        return sendNotModified(res, known);
      }
      return sendFetchResponse(res, response);
    },
  });
}

/** Sends an error that occurred before tRPC saw the request, in tRPC's shape. */
export function sendTrpcError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toHttpError(thrown);
  logFailure(request, error);
  return reply
    .code(error.status)
    .headers(problemHeaders(error))
    .type('application/json')
    .send(JSON.stringify({ error: toErrorShape(error, { url: request.url, requestId: request.id }) }));
}
