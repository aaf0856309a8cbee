import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import Fastify from 'fastify';

const ofEveryAnswer = new Set(['content-type', 'content-length', 'connection', 'date', 'keep-alive']);

/** The headers that helmet sets for these options, computed once. Helmet would compute the same headers for each request. */
export async function securityHeaders(options: FastifyHelmetOptions): Promise<Record<string, string>> {
  const app = Fastify();
  await app.register(helmet, options);
  app.get('/', async () => '');
  const { headers } = await app.inject('/');
  await app.close();
  const entries = Object.entries(headers).filter(([name]) => !ofEveryAnswer.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
