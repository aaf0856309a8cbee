import type { FastifyInstance } from 'fastify';
import type { Lifecycle } from '../lifecycle.ts';
import { version } from '../version.ts';
import type { HealthRegistry } from './registry.ts';

/** `/health` for people and monitors, `/health/live` and `/health/ready` for orchestrators, `/health/db` for the database alone (A8). */
export function mountHealth(app: FastifyInstance, registry: HealthRegistry, lifecycle: Lifecycle): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.get('/health', async (_request, reply) => {
    const { status, checks } = await registry.report();
    return reply
      .code(status === 'failing' ? 503 : 200)
      .send({ status, phase: lifecycle.phase, version, uptimeSeconds: Math.round(process.uptime()), checks });
  });

  app.get('/health/live', async () => ({ status: 'ok' }));

  app.get('/health/ready', async (_request, reply) => {
    if (lifecycle.phase !== 'ready') return reply.code(503).send({ status: lifecycle.phase });
    const { status, checks } = await registry.report();
    if (status !== 'failing') return { status: 'ready' };
    const failing = Object.entries(checks).filter(([, check]) => check.status === 'failing');
    return reply.code(503).send({
      status: 'failing',
      checks: Object.fromEntries(failing.map(([name, check]) => [name, check.message ?? 'failing'])),
    });
  });

  app.get('/health/db', async (_request, reply) => {
    const report = await registry.check('database');
    return reply.code(report.status === 'failing' ? 503 : 200).send(report);
  });
}
