import { readFile } from 'node:fs/promises';
import { Asset, type CataloguedProblem } from '@tenon/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { securityHeaders } from '../security-headers.ts';
import { bundle, type BundleName, scriptType } from './bundles.ts';
import { consoleDocument } from './console-document.ts';
import { redocPage, redocStart, scalarPage, scalarStart } from './pages.ts';
import { problemIndex, problemPage } from './problem-pages.ts';

const html = 'text/html; charset=utf-8';
const json = 'application/json; charset=utf-8';

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
    let asset: Promise<Asset> | undefined;
    app.get(url, async (_request, reply) => {
      asset ??= document().then((made) => new Asset(json, write(made)));
      return (await asset).send(reply.header('cache-control', 'no-cache'));
    });
  };
  serveJson('/openapi.json', JSON.stringify);
  const sendBundle = async (name: BundleName, reply: FastifyReply) =>
    (await bundle(name)).send(reply.header('cache-control', 'public, max-age=3600'));

  app.get('/docs', async (_request, reply) => sendPage(reply, scalarPage));
  app.get('/docs/start.js', async (_request, reply) =>
    reply.type(scriptType).send(scalarStart(await readFile(consoleScript, 'utf8'))),
  );
  serveJson('/docs/openapi.json', consoleDocument);
  app.get('/docs/scalar.js', async (_request, reply) => sendBundle('scalar', reply));

  app.get('/redoc', async (_request, reply) => sendPage(reply, redocPage));
  app.get('/redoc/start.js', async (_request, reply) => reply.type(scriptType).send(redocStart));
  app.get('/redoc/redoc.js', async (_request, reply) => sendBundle('redoc', reply));

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
