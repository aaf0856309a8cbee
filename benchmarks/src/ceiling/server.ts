import Fastify from 'fastify';
import type { Status } from './fields.ts';
import { openPostgresStore } from './postgresql-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { activityPageSchema, bulkSchema, figuresSchema, taskPageSchema, taskSchema } from './serializers.ts';
import type { Caller, NewTask } from './store.ts';
import { tokenReader } from './token.ts';
import { uuidv7 } from './ids.ts';

/*
 * The ceiling: the fastest server for the same work. It reads and writes the same rows and gives the same answers, but all of it is
 * written by hand. It does not validate its input, checks neither permissions nor visibility, and connects as the owner of the tables.
 */

const { DATABASE_URL = '', SECRET_KEY = '', PUBLIC_URL = '', PORT = '0' } = process.env;

const store = DATABASE_URL.startsWith('postgres')
  ? openPostgresStore(DATABASE_URL)
  : openSqliteStore(DATABASE_URL.replace(/^file:/, ''));
const callerOf = tokenReader(SECRET_KEY, PUBLIC_URL, store);

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

const app = Fastify({ genReqId: () => uuidv7(Date.now()) });
app.get('/health/ready', async () => ({ status: 'ok' }));

await app.register(
  async (api) => {
    api.decorateRequest('caller');
    api.addHook('onRequest', async (request, reply) => {
      const caller = await callerOf(request.headers.authorization?.slice('Bearer '.length) ?? '');
      if (!caller) return reply.code(401).send();
      request.caller = caller;
    });

    api.get<{ Querystring: { status: Status; project?: string; search?: string; limit: string } }>(
      '/tasks',
      { schema: { response: { 200: taskPageSchema } } },
      ({ caller, query: { status, project, search, limit } }) => {
        if (search !== undefined) return store.search(caller, search, Number(limit));
        if (project !== undefined) return store.board(caller, project, status, Number(limit));
        return store.list(caller, status, Number(limit));
      },
    );

    api.get<{ Querystring: { before: string; limit: string } }>(
      '/activity',
      { schema: { response: { 200: activityPageSchema } } },
      ({ caller, query }) => store.activity(caller, query.before, Number(query.limit)),
    );

    api.get<{ Querystring: { createdBefore: string } }>(
      '/analytics/tasks',
      { schema: { response: { 200: figuresSchema } } },
      ({ caller, query }) => store.figures(caller, query.createdBefore),
    );

    api.post<{ Body: { ids: string[]; changes: { estimatedHours: number } } }>(
      '/tasks/bulk-update',
      { schema: { response: { 200: bulkSchema } } },
      async ({ caller, id, body: { ids, changes } }, reply) => {
        const tasks = await store.setHours(caller, id, ids, changes.estimatedHours);
        if (!tasks) return reply.code(404).send();
        const data = tasks.map((task, index) => ({ index, id: task['id'], status: 200, task, problem: null }));
        return reply.send({ data, succeeded: tasks.length, failed: 0 });
      },
    );

    api.get<{ Params: { id: string } }>(
      '/tasks/:id',
      { schema: { response: { 200: taskSchema } } },
      async ({ caller, params }, reply) => (await store.get(caller, params.id)) ?? reply.code(404).send(),
    );

    api.post<{ Body: NewTask }>(
      '/tasks',
      { schema: { response: { 201: taskSchema } } },
      async ({ caller, id, body }, reply) => {
        const task = await store.create(caller, id, body);
        return task ? reply.code(201).send(task) : reply.code(400).send();
      },
    );

    api.patch<{ Params: { id: string }; Body: { status: Status } }>(
      '/tasks/:id',
      { schema: { response: { 200: taskSchema } } },
      async ({ caller, id, params, body }, reply) =>
        (await store.setStatus(caller, id, params.id, body.status)) ?? reply.code(404).send(),
    );
  },
  { prefix: '/api/v1' },
);

await app.listen({ host: '127.0.0.1', port: Number(PORT) });
process.on('SIGTERM', () => process.exit(0));
