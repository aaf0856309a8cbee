import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { transportErrors } from '../errors.ts';
import { pathOf } from '../problem.ts';
import { addRequestId, refuseConnection } from './failures.ts';
import { malformedRequest } from './request-rules.ts';

/** The order in which Allow lists methods. */
const listed = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The methods that a path answers, in the order of Allow. Null when there is nothing at the path. */
export type MethodsAt = (path: string) => readonly string[] | null;

const isParameter = (segment: string): boolean => segment.startsWith(':');

/** Whether a path fits a route. Both are given as their segments, and a parameter of the route fits each segment. */
const fits = (route: readonly string[], path: readonly string[]): boolean =>
  route.length === path.length && route.every((segment, at) => segment === path[at] || isParameter(segment));

/** For each URL, the other URLs that fit all of its paths too, as `/tasks/:id` fits `/tasks/trash`. */
export function widerUrls(urls: Iterable<string>): Map<string, string[]> {
  const routes = [...new Set(urls)].map((url) => ({ url, segments: url.split('/') }));
  const widerThan = (narrow: readonly string[]) =>
    routes.filter(({ segments }) => segments !== narrow && fits(segments, narrow));
  return new Map(routes.map(({ url, segments }) => [url, widerThan(segments).map((wider) => wider.url)]));
}

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** The methods of every route. Fastify itself can only say whether a path answers a method that it knows. */
class Routes {
  readonly #routes = new Map<string, { segments: readonly string[]; methods: Set<string> }>();
  readonly #prefixes = new Map<string, MethodsAt>();

  add(url: string, methods: readonly string[]): void {
    // The only wildcard is the route for CORS, which answers no path by itself.
    if (url.includes('*')) return;
    const known = this.#routes.get(url);
    if (known) for (const method of methods) known.methods.add(method);
    else this.#routes.set(url, { segments: url.split('/'), methods: new Set(methods) });
  }

  /** Lets a function say what the paths below a prefix answer. */
  addPrefix(prefix: string, methodsAt: MethodsAt): void {
    this.#prefixes.set(prefix, methodsAt);
  }

  /** As in Fastify, the first segment that differs decides between two routes: a fixed one comes before a parameter. */
  readonly at: MethodsAt = (path) => {
    for (const [prefix, methodsAt] of this.#prefixes)
      if (path.startsWith(prefix)) return methodsAt(decode(path.slice(prefix.length)));
    const sent = path.split('/').map(decode);
    const rank = ({ segments }: { segments: readonly string[] }) => segments.map((one) => +isParameter(one)).join('');
    const [nearest] = [...this.#routes.values()]
      .filter(({ segments }) => fits(segments, sent))
      .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
    return nearest ? listed.filter((method) => nearest.methods.has(method)) : null;
  };
}

/** What `answerOtherMethods` adds to a server. */
interface Other {
  readonly routes: Routes;
  /** Answers a request for which there is no route. */
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => void;
}

const other = Symbol('other methods');

/** Not an augmentation of Fastify's own type, which would reach the types of the SDK. */
type WithOther = FastifyInstance & { [other]?: Other };

const otherOf = (app: WithOther): Other => {
  const found = app[other];
  if (!found) throw new Error('Call answerOtherMethods before the routes are declared.');
  return found;
};

/**
 * Lets a function say what the paths below a prefix answer, when one route serves all of them.
 * @returns what answers a request by another method, or to another path
 */
export function declareMethods(app: FastifyInstance, prefix: string, methodsAt: MethodsAt): Other['answer'] {
  const { routes, answer } = otherOf(app);
  routes.addPrefix(prefix, methodsAt);
  return answer;
}

/** The handler of routes that only refuse. It never runs, because a hook answers first. */
const refused = async (): Promise<never> => {
  throw new Error('The request was refused before.');
};

/**
 * Refuses methods at a path that are answered only by wider paths. Without this `GET /tasks/trash` would take `trash` for the id of
 * `GET /tasks/:id`.
 */
export function routeRefusals(app: FastifyInstance, url: string, methods: readonly string[]): void {
  const { answer } = otherOf(app);
  const onRequest = (request: FastifyRequest, reply: FastifyReply) => answer(request, reply);
  app.route({ method: [...methods], url, exposeHeadRoute: false, onRequest, handler: refused });
}

/** Whether an OPTIONS request is a CORS preflight. */
export const isPreflight = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/**
 * Names each request in its answer (`X-Request-Id`). Refuses requests that are wrong as HTTP, and answers the methods that no route answers:
 * OPTIONS with 204 and Allow, any other with 405 and Allow, and every method with 404 where there is nothing. It does so before a body is
 * read. A CORS preflight is left to the CORS plugin, if the server has it.
 *
 * Call it before the routes are declared. Only the first call on a server has an effect.
 * @param sendError sends an error in the shape of the path
 */
export function answerOtherMethods(
  app: WithOther,
  sendError: (error: Error, request: FastifyRequest, reply: FastifyReply) => unknown,
  notFound: (url: string) => Error,
): void {
  if (app[other]) return;
  const routes = new Routes();
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    const allowed = routes.at(pathOf(request.url));
    if (!allowed) return void sendError(notFound(request.url), request, reply);
    reply.header('allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return void reply.code(204).send();
    sendError(transportErrors.method_not_allowed(), request, reply);
  };
  app.decorate(other, { routes, answer });
  app.addHook('onRoute', ({ url, method, handler }) => {
    if (handler !== refused) routes.add(url, [method].flat());
  });
  let hasCors = false;
  app.addHook('onReady', async () => {
    hasCors = app.hasPlugin('@fastify/cors');
  });
  app.addHook('onRequest', (request, reply, done) => {
    addRequestId(request, reply);
    const wrong = malformedRequest(request.raw);
    if (wrong) sendError(wrong, request, reply);
    else if (request.is404 || (request.method === 'OPTIONS' && !(hasCors && isPreflight(request))))
      answer(request, reply);
    else done();
  });
  // Without a listener Node answers 417 without a body. The hook above refuses the request.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  // Without a listener Node ends the connection, and the client learns nothing.
  app.server.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex) => {
    const allowed = routes.at(pathOf(url)) ?? [];
    refuseConnection(socket, transportErrors.method_not_allowed(), { Allow: allowed.join(', ') });
  });
}
