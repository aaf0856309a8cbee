import { METHODS } from 'node:http';
import { connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appRouter } from '../app-router.ts';
import type { Operation } from '../operation.ts';
import { operationsOf } from '../operations.ts';
import { serverOptions, tenonApi } from '../plugin.ts';
import { fixturePlatform, noteId } from '../testing/fixture.ts';

const operations = [...operationsOf(appRouter)];

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = Fastify(serverOptions);
  app.register(tenonApi, { platform: fixturePlatform, router: appRouter });
  port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
});
afterAll(() => app.close());

/** Every method that Node's parser knows. CONNECT never becomes a request. */
const methods = METHODS.filter((method) => method !== 'CONNECT');

async function ask(method: string, url: string) {
  // `inject` passes any method on, but its type lists only the usual ones.
  const { statusCode, headers, body } = await app.inject({ method: method as 'GET', url });
  return { status: statusCode, allow: headers.allow, type: headers['content-type'], body };
}

/** A stream has no end, so nobody asks how long it is. */
const hasHead = ({ type, kind }: Operation): boolean => type === 'query' && kind !== 'stream';

/** What each path answers by its declarations, in the order in which Allow lists it. */
const paths = Map.groupBy(operations, ([, { path }]) => path.replaceAll(/\{\w+\}/g, noteId));
const declaredAt = (path: string): string[] => {
  const here = (paths.get(path as `/${string}`) ?? []).map(([, operation]) => operation);
  const answers = (method: string) =>
    here.some((operation) => operation.method === method) ||
    (method === 'HEAD' && here.some((operation) => operation.method === 'GET' && hasHead(operation))) ||
    (method === 'PUT' && here.some((operation) => operation.method === 'PATCH')) ||
    (method === 'POST' && path === '/comments');
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(answers);
};

/** What each method is answered by declaration. A declared method may be answered anything, except that there is nothing. */
const expected = (declared: readonly string[], type: unknown) =>
  methods.map((method) => {
    const allow = declared.join(', ');
    if (method === 'OPTIONS') return { method, status: 204, allow, type: undefined };
    if (!declared.includes(method)) return { method, status: 405, allow, type };
    return { method, status: expect.not.toBeOneOf([404, 405]), allow: undefined, type: undefined };
  });

const answersOf = async (url: string) =>
  Promise.all(
    methods.map(async (method) => {
      const { status, allow, type } = await ask(method, url);
      return { method, status, allow, type: status === 405 ? type : undefined };
    }),
  );

test.each([...paths.keys()])('%s answers every method as Allow says', async (path) => {
  expect(await answersOf(`/api/v1${path}`)).toEqual(expected(declaredAt(path), 'application/problem+json'));
});

const served = operations.filter(([, { restOnly }]) => !restOnly);
test.each(served)('/trpc/%s answers every method as Allow says', async (name, operation) => {
  const declared = operation.type === 'mutation' ? ['POST'] : hasHead(operation) ? ['GET', 'HEAD'] : ['GET'];
  expect(await answersOf(`/trpc/${name}`)).toEqual(expected(declared, expect.stringMatching(/^application\/json\b/)));
});

test.each(operations.filter(([, { restOnly }]) => restOnly))('/trpc/%s is nothing', async (name) => {
  for (const { status, allow } of await answersOf(`/trpc/${name}`)) expect([status, allow]).toEqual([404, undefined]);
});

test('a refusal is a problem, and has no body for HEAD', async () => {
  expect(JSON.parse((await ask('PROPFIND', '/api/v1/tasks')).body)).toMatchObject({ code: 'method_not_allowed' });
  expect(JSON.parse((await ask('PROPFIND', '/trpc/tasks.list')).body).error.data).toMatchObject({
    code: 'METHOD_NOT_SUPPORTED',
    problem: { code: 'method_not_allowed', instance: '/trpc/tasks.list' },
  });
  expect((await ask('HEAD', '/api/v1/auth/login')).body).toBe('');
});

/** Names that every object of JavaScript has. No client text may find them. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

describe('a name that objects inherit is no procedure', () => {
  const names = inherited.flatMap((name) => [name, `tasks.${name}`, `${name}.list`]);

  test.each(names)('%s', async (name) => {
    for (const method of methods) {
      const { status, body } = await ask(method, `/trpc/${name}`);
      expect({ method, status }).toEqual({ method, status: 404 });
      expect(body).toContain(method === 'HEAD' ? '' : '"code":"procedure_not_found"');
    }
    const batch = await ask('GET', `/trpc/${name},${name}?batch=1`);
    expect(batch.status).toBe(404);
  });
});

describe('where there is nothing', () => {
  test.each(['/api', '/api/v1', '/api/v1/nowhere', '/api/v1/tasks/1/nothing', '/api/v1/constructor', '/trpc/'])(
    '%s is 404 by every method',
    async (url) => {
      for (const method of methods) {
        const { status, allow, type } = await ask(method, url);
        expect({ method, status, allow }).toEqual({ method, status: 404, allow: undefined });
        expect(type).toMatch(/^application\/(problem\+)?json/);
      }
    },
  );

  test('a body is not read', async () => {
    const sent = { payload: '{', headers: { 'content-type': 'application/json' } };
    for (const url of ['/api/v1/nowhere', '/trpc/nowhere', '/trpc/no/where'])
      for (const method of ['POST', 'QUERY', 'PROPFIND', 'DELETE'])
        expect((await app.inject({ method: method as 'POST', url, ...sent })).statusCode).toBe(404);
  });
});

test('a static path is found percent-encoded, and so are the methods that it answers', async () => {
  expect(await ask('PROPFIND', '/api/v1/%74asks')).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
  expect(await ask('PROPFIND', '/api/tasks?x=1')).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
});

test.each(['/api/v1/tasks', '/nowhere', 'example.com:443'])('CONNECT %s is refused with a problem', async (target) => {
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: example.com\r\n\r\n`),
    );
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('close', () => resolve(text)).on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  expect(answer).toMatch(/^Allow: /m);
  expect(answer).toContain('"code":"method_not_allowed"');
});
