import type { FastifyInstance } from 'fastify';
import { version } from './version.ts';

/** Serves `GET /`: name, version and links (A1). */
export function mountRoot(app: FastifyInstance): void {
  app.get('/', async () => ({
    name: 'Tenon',
    version,
    links: {
      api: '/api/v1',
      trpc: '/trpc',
      docs: '/docs',
      redoc: '/redoc',
      guides: '/guides',
      openapi: '/openapi.json',
      problems: '/problems',
      health: '/health',
    },
  }));
}
