import { callerOf, sendProblem } from '@tenon/api';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const quiet = /^\/health(\/|$)/;

const pathOf = (url: string): string => {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
};

function logAnswer(request: FastifyRequest, reply: FastifyReply): void {
  const caller = callerOf(request);
  const path = pathOf(request.originalUrl);
  const level = quiet.test(path) && reply.statusCode < 400 ? 'debug' : 'info';
  request.log[level](
    {
      method: request.method,
      path,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 100) / 100,
      user: caller?.userId ?? null,
      organization: caller?.organizationId ?? null,
    },
    'request',
  );
}

const processTime = (reply: FastifyReply): string => (reply.elapsedTime / 1000).toFixed(6);

/**
 * Says of every answer which request it was of and how long it took, in `X-Request-Id` and `X-Process-Time` (seconds), and
 * writes one line about it (A2). The line has no query, no header and no body: what they hold is not for a log. A probe that
 * went well is told at `debug`.
 */
export function addRequestLog(app: FastifyInstance): void {
  // By callback: every request passes here, and a promise costs more than what is done.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('x-process-time', processTime(reply));
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    logAnswer(request, reply);
    done();
  });
}

/** Does by hand what hooks do elsewhere: a request whose URL cannot be read meets none. */
export function answerUnrouted(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => logAnswer(request, reply));
  void reply.headers({
    'x-process-time': processTime(reply),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
  });
  sendProblem(error, request, reply);
}
