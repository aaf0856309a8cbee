import type { IncomingMessage, Server } from 'node:http';
import cors from '@fastify/cors';
import { openApiDocument, sendNotFound, sendProblem, serverOptions, tenonApi } from '@tenon/api';
import { type Platform, uuidv7 } from '@tenon/core';
import Fastify, {
  type FastifyServerOptions,
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  LogController,
} from 'fastify';
import { mountDocs } from './docs/routes.ts';
import type { HealthRegistry } from './health/registry.ts';
import { mountHealth } from './health/routes.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { addRequestLog, answerUnrouted } from './request-log.ts';
import { mountRoot } from './root.ts';
import { securityHeaders } from './security-headers.ts';
import type { Settings } from './settings.ts';

export interface AppParts {
  settings: Settings;
  platform: Platform;
  logger: Logger;
  health: HealthRegistry;
  lifecycle: Lifecycle;
}

const sane = /^[\w.:-]{1,128}$/;

/** The caller's request id, so that logs of several systems can be joined, unless it could not stand in one. */
const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && sane.test(given) ? given : uuidv7();
};

/** What pages of allowed origins may read of an answer. */
const exposedHeaders = [
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'Retry-After',
  'X-Process-Time',
  'X-Request-Id',
];

const proxiesOf = (trusted: Settings['trustProxy']): NonNullable<FastifyServerOptions['trustProxy']> => {
  if (typeof trusted === 'boolean') return trusted;
  return typeof trusted === 'number' ? (_address, hop) => hop < trusted : [...trusted];
};

const httpOptions = (settings: Settings, logger: Logger): FastifyHttpOptions<Server, FastifyBaseLogger> => ({
  ...serverOptions,
  frameworkErrors: answerUnrouted,
  loggerInstance: logger,
  logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
  genReqId: requestIdOf,
  trustProxy: proxiesOf(settings.trustProxy),
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  // Requests on open connections are still answered while the server drains; each is told to close its connection.
  return503OnClosing: false,
  http: {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // How often Node looks for connections past those limits; it would be every 30 s.
    connectionsCheckingInterval: 1000,
  },
});

/** The HTTP application: the API, its documentation and its health, without a port yet. */
export async function buildApp({ settings, platform, logger, health, lifecycle }: AppParts): Promise<FastifyInstance> {
  const app = Fastify(httpOptions(settings, logger));
  addRequestLog(app);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (lifecycle.phase === 'draining') reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(sendNotFound);
  const security = await securityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: settings.production,
  });
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(security);
    done();
  });
  if (settings.corsOrigins.length > 0)
    await app.register(cors, {
      origin: [...settings.corsOrigins],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders,
      maxAge: 600,
    });
  mountRoot(app);
  await mountDocs(app, openApiDocument);
  await app.register(async (scope) => mountHealth(scope, health, lifecycle));
  await app.register(tenonApi, { platform, trustedOrigins: settings.corsOrigins });
  return app;
}
