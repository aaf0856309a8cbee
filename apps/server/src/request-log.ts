import { callerOf, serverOptions } from '@tenon/api';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Logger, maskAddresses } from './logger.ts';

const quiet = /^\/health(\/|$)/;

/** In characters. Those of browsers have about 120. */
const longestUserAgent = 256;

const pathOf = (url: string): string => {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
};

function logAnswer(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const caller = callerOf(request);
  const path = pathOf(request.originalUrl);
  const level = quiet.test(path) && reply.statusCode < 400 ? 'debug' : 'info';
  logger.plain(
    level,
    {
      requestId: request.id,
      method: request.method,
      path,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 100) / 100,
      address: request.ip,
      userAgent: maskAddresses(request.headers['user-agent']?.slice(0, longestUserAgent) ?? '') || null,
      user: caller?.userId ?? null,
      organization: caller?.organizationId ?? null,
    },
    'request',
  );
}

const processTime = (reply: FastifyReply): string => (reply.elapsedTime / 1000).toFixed(6);

/**
 * Adds `X-Process-Time` (seconds) to every answer, and writes one log line about it (A2). The line contains no query, no body and no header
 * but the user agent, because they may contain secrets. Successful health probes are logged at `debug`.
 */
export function addRequestLog(app: FastifyInstance, logger: Logger): void {
  // With callbacks: this runs for every request, and a promise costs more than the work itself.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('x-process-time', processTime(reply));
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    logAnswer(logger, request, reply);
    done();
  });
}

/** Answers a request whose URL cannot be read. Fastify runs no hooks for it, so this does what the hooks do elsewhere. */
export const answerUnrouted =
  (logger: Logger) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.raw.once('finish', () => logAnswer(logger, request, reply));
    void reply.headers({
      'x-process-time': processTime(reply),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'",
    });
    serverOptions.frameworkErrors(error, request, reply);
  };
