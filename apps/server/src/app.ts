import type { IncomingMessage, Server } from 'node:http';
import cors from '@fastify/cors';
import {
  answerUnknown,
  isPreflight,
  openApiDocument,
  problemCatalogue,
  sendNotFound,
  sendProblem,
  serverOptions,
  tenonApi,
} from '@tenon/api';
import { type Platform, uuidv7 } from '@tenon/core';
import Fastify, { type FastifyBaseLogger, type FastifyHttpOptions, type FastifyInstance, LogController } from 'fastify';
import { mountDocs } from './docs/routes.ts';
import type { HealthRegistry } from './health/registry.ts';
import { mountHealth } from './health/routes.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { addRequestLog, answerUnrouted } from './request-log.ts';
import { mountRoot } from './root.ts';
import { securityHeaders } from './security-headers.ts';
import type { Settings } from './settings.ts';
import { trustedProxies } from './trusted-proxies.ts';

export interface AppParts {
  settings: Settings;
  platform: Platform;
  logger: Logger;
  health: HealthRegistry;
  lifecycle: Lifecycle;
}

const sane = /^[\w.:-]{1,128}$/;

/** The caller's request id, so that logs of several systems can be joined; a new one unless it is safe to log. */
const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && sane.test(given) ? given : uuidv7();
};

/** The response headers that pages of allowed origins may read. */
const exposedHeaders = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'Deprecation',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'Retry-After',
  'Sunset',
  'X-Process-Time',
  'X-Request-Id',
];

/** Routes have no schemas for Fastify: operations check their inputs. So the libraries for such schemas need not be loaded. */
const withoutSchemas = (): never => {
  throw new Error('Routes of this server have no Fastify schemas.');
};

const httpOptions = (settings: Settings, logger: Logger): FastifyHttpOptions<Server, FastifyBaseLogger> => ({
  ...serverOptions,
  frameworkErrors: answerUnrouted(logger),
  loggerInstance: logger,
  logController: new LogController({ disableRequestLogging: true }),
  // No logger of its own for each request, which costs 2 µs. The lines about a request name its id themselves.
  childLoggerFactory: (parent) => parent,
  genReqId: requestIdOf,
  schemaController: { compilersFactory: { buildValidator: withoutSchemas, buildSerializer: withoutSchemas } },
  trustProxy: trustedProxies(settings.trustProxy),
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  // While the server drains, requests on open connections are still answered, with `Connection: close`.
  return503OnClosing: false,
  http: {
    ...serverOptions.http,
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // How often Node looks for connections past those limits. Its default is every 30 s.
    connectionsCheckingInterval: 1000,
  },
});

/** Headers that concern pages, plug-ins and old browsers. Answers of JSON go without them; the documentation pages have them. */
const ofPages = {
  crossOriginOpenerPolicy: false,
  dnsPrefetchControl: false,
  ieNoOpen: false,
  originAgentCluster: false,
  permittedCrossDomainPolicies: false,
  xssFilter: false,
} as const;

/** Lets pages of these origins call, and answers their preflights. Any other OPTIONS is left to the routes. */
async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const usual = { origin: [...origins], credentials: true, exposedHeaders, preflight: false };
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const ofPreflight = { ...usual, methods, maxAge: 600, preflight: true };
  await app.register(cors, {
    delegator: (request, done) => done(null, isPreflight(request) ? ofPreflight : usual),
  });
}

/** Builds the HTTP application: the API, its documentation and its health checks. It does not listen on a port yet. */
export async function buildApp({ settings, platform, logger, health, lifecycle }: AppParts): Promise<FastifyInstance> {
  const app = Fastify(httpOptions(settings, logger));
  addRequestLog(app, logger);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (lifecycle.phase === 'draining') reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(sendNotFound);
  const security = securityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: settings.production,
    ...ofPages,
  });
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(security);
    done();
  });
  // Before the requests are refused that no route sees, so that pages of other origins can read why.
  await allowOrigins(app, settings.corsOrigins);
  answerUnknown(app);
  mountRoot(app);
  await mountDocs(app, { document: () => openApiDocument(platform.settings), problems: problemCatalogue });
  await app.register(async (scope) => mountHealth(scope, health, lifecycle));
  await app.register(tenonApi, { platform, trustedOrigins: settings.corsOrigins, compress: settings.compression });
  return app;
}
