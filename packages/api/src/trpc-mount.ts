import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnyTRPCRouter } from '@trpc/server';
import { resolveResponse } from '@trpc/server/http';
import { isUtf8 } from 'node:buffer';
import { RequestContext } from './context.ts';
import { malformedBody, toApiError, transportErrors } from './errors.ts';
import { refuseHeaders, sentMutationHeaders } from './headers.ts';
import { logFailure, toHttpError } from './http/failures.ts';
import { sendFetchResponse, toFetchRequest } from './http/fetch.ts';
import { withoutRestOnly } from './operations.ts';
import { problemHeaders } from './problem.ts';
import { answerHeaders } from './rest/answer.ts';
import { occurrences, toErrorShape } from './trpc.ts';

/** The URL prefix of tRPC. */
export const trpcPrefix = '/trpc';

/** The most calls in one batch. */
const largestBatch = 100;

interface TrpcParams {
  Params: { path: string };
}

/** Serves the router as tRPC, for httpLink, httpBatchLink and httpBatchStreamLink. */
export function mountTrpc(
  app: FastifyInstance,
  router: AnyTRPCRouter,
  makeContext: (request: FastifyRequest) => RequestContext,
): void {
  const served = withoutRestOnly(router);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    if (isUtf8(body)) done(null, body.toString());
    else done(malformedBody('It is not UTF-8.'));
  });
  app.setErrorHandler(sendTrpcError);
  app.setNotFoundHandler((request, reply) => sendTrpcError(transportErrors.procedure_not_found(), request, reply));

  app.route<TrpcParams>({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/:path',
    handler: async (req, res) => {
      const response = await occurrences.run({ url: req.url, requestId: req.id }, () =>
        resolveResponse({
          router: served,
          req: toFetchRequest(req, res),
          path: req.params.path,
          error: null,
          maxBatchSize: largestBatch,
          createContext: async ({ info }) => {
            if (info.calls.length > 1)
              refuseHeaders(sentMutationHeaders(req.headers), 'A batch of several calls does not take this header.');
            return makeContext(req);
          },
          onError: ({ error }) => logFailure(req, toApiError(error)),
          responseMeta: ({ ctx, info, errors, eagerGeneration }) => {
            // In a batch the headers could not be matched to a call, and a stream has sent its headers already.
            const single = info?.calls.length === 1 && !eagerGeneration && ctx instanceof RequestContext;
            const headers = single && ctx.answer ? answerHeaders(ctx.answer) : {};
            for (const error of errors) Object.assign(headers, problemHeaders(toApiError(error)));
            return { headers };
          },
        }),
      );
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
    .headers({ 'x-request-id': request.id, ...problemHeaders(error) })
    .type('application/json')
    .send(JSON.stringify({ error: toErrorShape(error, { url: request.url, requestId: request.id }) }));
}
