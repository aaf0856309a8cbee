import { readFile } from 'node:fs/promises';
import { type CataloguedProblem, hasEntityTag } from '@tenon/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { securityHeaders } from '../security-headers.ts';
import { type Asset, assetOf, bundle, type BundleName } from './bundles.ts';
import { consoleDocument } from './console-document.ts';
import { redocPage, redocStart, scalarPage, scalarStart } from './pages.ts';
import { problemIndex, problemPage } from './problem-pages.ts';

const html = 'text/html; charset=utf-8';
const script = 'text/javascript; charset=utf-8';

/**
 * The pages may load their own files and nothing else. Both create styles in the page, Scalar shows images of the document as
 * data URLs, and Redoc searches in a worker that it creates from a blob.
 */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    workerSrc: ['blob:'],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** The script of /docs. Sources and bundles are equally far below `apps/server`. */
const consoleScript = new URL('../../browser/console.js', import.meta.url);

/** @param seconds how long a client may use it without asking again */
async function sendAsset(
  asset: Promise<Asset>,
  { type, seconds }: { type: string; seconds: number },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { body, gzipped, etag } = await asset;
  const caching = seconds === 0 ? 'no-cache' : `public, max-age=${seconds}`;
  void reply.headers({ etag, 'cache-control': caching, vary: 'accept-encoding' }).type(type);
  if (hasEntityTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(gzipped);
}

/** What the pages show. Each is called at the first request that needs it. */
export interface DocsContent {
  /** Creates the OpenAPI document. */
  document: () => Promise<unknown>;
  problems: () => readonly CataloguedProblem[];
}

/** Whether a client asks for JSON, and not for a page. */
const wantsJson = ({ headers }: FastifyRequest): boolean =>
  /\bjson\b/.test(headers.accept ?? '') && !/\bhtml\b/.test(headers.accept ?? '');

/**
 * Serves `/docs` (Scalar), `/redoc`, the document that both show, `/guides`, and a page about each problem, from local files and without a
 * CDN (A1).
 */
export async function mountDocs(app: FastifyInstance, { document, problems }: DocsContent): Promise<void> {
  // Strict-Transport-Security is the same for all answers, and depends on the settings.
  const { 'content-security-policy': policy, ...others } = securityHeaders({
    contentSecurityPolicy,
    strictTransportSecurity: false,
  });
  const sendPage = (reply: FastifyReply, page: string) =>
    reply
      .headers({ ...others, 'content-security-policy': policy })
      .type(html)
      .send(page);
  const serveJson = (url: string, write: (made: unknown) => string) => {
    let json: Promise<Asset> | undefined;
    app.get(url, (request, reply) => {
      json ??= document().then((made) => assetOf(Buffer.from(write(made))));
      return sendAsset(json, { type: 'application/json; charset=utf-8', seconds: 0 }, request, reply);
    });
  };
  serveJson('/openapi.json', JSON.stringify);
  const sendBundle = (name: BundleName, request: FastifyRequest, reply: FastifyReply) =>
    sendAsset(bundle(name), { type: script, seconds: 3600 }, request, reply);

  app.get('/docs', async (_request, reply) => sendPage(reply, scalarPage));
  app.get('/docs/start.js', async (_request, reply) =>
    reply.type(script).send(scalarStart(await readFile(consoleScript, 'utf8'))),
  );
  serveJson('/docs/openapi.json', consoleDocument);
  app.get('/docs/scalar.js', (request, reply) => sendBundle('scalar', request, reply));

  app.get('/redoc', async (_request, reply) => sendPage(reply, redocPage));
  app.get('/redoc/start.js', async (_request, reply) => reply.type(script).send(redocStart));
  app.get('/redoc/redoc.js', (request, reply) => sendBundle('redoc', request, reply));

  let byCode: ReadonlyMap<string, CataloguedProblem> | undefined;
  const catalogue = () => (byCode ??= new Map(problems().map((problem) => [problem.code, problem])));
  app.get('/problems', async (request, reply) => {
    reply.header('vary', 'accept');
    const all = [...catalogue().values()];
    if (!wantsJson(request)) return sendPage(reply, problemIndex(all));
    return { data: all.map(({ operations: _, ...problem }) => problem) };
  });
  app.get<{ Params: { code: string } }>('/problems/:code', async (request, reply) => {
    const problem = catalogue().get(request.params.code);
    if (!problem) return reply.callNotFound();
    reply.header('vary', 'accept');
    return wantsJson(request) ? problem : sendPage(reply, problemPage(problem));
  });

  for (const url of ['/guides', '/guides/:page', '/guides/adr/:page'])
    app.get(url, async ({ url: asked }, reply) => {
      // Few servers show their guides, and the others should not load what renders them.
      const { guideAt } = await import('./guides.ts');
      const guide = await guideAt(asked.replace(/\?.*/s, ''));
      return guide === null ? reply.callNotFound() : sendPage(reply, guide);
    });
}
