import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calls, fixtureRouter, fixtureServer, noteId } from '../testing/fixture.ts';
import { operationsOf } from '../operations.ts';

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = fixtureServer();
  port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
});
afterAll(() => app.close());

/** Sends lines that no HTTP library would send, and reads one answer. */
async function exchange(lines: readonly string[], body: string | Buffer = '') {
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
      socket.write(body);
    });
    socket.setEncoding('utf8').on('data', (part: string) => (received += part));
    socket.on('close', () => resolve(received)).on('error', reject);
  });
  const interim = /^HTTP\/1\.1 100 Continue\r\n\r\n/;
  const [head = '', sent = ''] = text.replace(interim, '').split('\r\n\r\n');
  const parsed: unknown = JSON.parse(sent || 'null');
  const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? [];
  const type = /^content-type: (.*)$/im.exec(head)?.[1];
  return { status: Number(status), type, continued: interim.test(text), body: parsed };
}

const owner = 'Authorization: Bearer owner';
const problem = (status: number, code: string, path?: string) => ({
  status,
  type: 'application/problem+json',
  body: { status, code, requestId: expect.any(String), ...(path !== undefined && { errors: [{ path }] }) },
});
const trpcProblem = ({ status, body }: ReturnType<typeof problem>) => ({
  status,
  type: expect.stringMatching(/^application\/json\b/),
  body: { error: { data: { httpStatus: status, problem: body } } },
});

const paths = [
  `/api/v1/notes/${noteId}`,
  `/trpc/notes.get?input=${encodeURIComponent(JSON.stringify({ id: noteId }))}`,
];
const shaped = (path: string, expected: ReturnType<typeof problem>) =>
  path.startsWith('/trpc') ? trpcProblem(expected) : expected;

describe.each([...paths, '/api/v1/nowhere'])('a request to %s', (path) => {
  test('without Host is refused', async () => {
    const expected = problem(400, 'validation_failed', '/header/Host');
    expect(await exchange([`GET ${path} HTTP/1.1`, owner])).toMatchObject(shaped(path, expected));
  });

  test.each(['Host', 'Authorization', 'Content-Type'])('with two of %s is refused', async (name) => {
    const lines = [`GET ${path} HTTP/1.1`, 'Host: a', owner, 'Content-Type: application/json'];
    const expected = problem(400, 'validation_failed', `/header/${name}`);
    for (const again of [`${name}: a`, `${name.toLowerCase()}:a`, `${name.toUpperCase()}: Bearer owner`])
      expect(await exchange([...lines, again])).toMatchObject(shaped(path, expected));
  });

  test('that expects what nobody offers is refused', async () => {
    for (const expectation of ['nonsense', '200-ok', '100-continue, nonsense'])
      expect(await exchange([`GET ${path} HTTP/1.1`, 'Host: a', owner, `Expect: ${expectation}`])).toMatchObject(
        shaped(path, problem(417, 'expectation_failed')),
      );
  });
});

test.each(paths)('HTTP/1.0 needs no Host at %s', async (path) => {
  expect((await exchange([`GET ${path} HTTP/1.0`, owner])).status).toBe(200);
});

test('100-continue is continued', async () => {
  const body = '{"title":"a"}';
  const lines = ['POST /api/v1/notes HTTP/1.1', 'Host: a', owner, 'Content-Type: application/json'];
  const { continued, status } = await exchange(
    [...lines, `Content-Length: ${body.length}`, 'Expect: 100-continue'],
    body,
  );
  expect([continued, status]).toEqual([true, 201]);
});

const writes = [...operationsOf(fixtureRouter)].filter(([, { hasBody }]) => hasBody);

describe.each(writes)('the body of %s', (name, operation) => {
  const type = operation.kind === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  const urls = [
    `/api/v1${operation.path.replaceAll(/\{\w+\}/g, noteId)}`,
    ...(operation.restOnly ? [] : [`/trpc/${name}`]),
  ];
  const send = async (url: string, headers: Record<string, string>, payload: string | Buffer = '{}') => {
    const response = await app.inject({
      method: url.startsWith('/trpc') ? 'POST' : operation.method,
      url,
      headers: { authorization: 'Bearer owner', 'content-type': type, ...headers },
      payload,
    });
    const { statusCode: status, headers: got } = response;
    return { status, type: got['content-type'], encoding: got['accept-encoding'], body: response.json() };
  };

  test.each(['gzip', 'GZIP', 'br', 'identity, gzip', 'nonsense', 'constructor'])(
    'may not be coded as %s',
    async (coding) => {
      const before = calls.length;
      for (const url of urls) {
        const answer = await send(url, { 'content-encoding': coding }, gzipSync('{}'));
        expect(answer).toMatchObject({ ...shaped(url, problem(415, 'unsupported_media_type')), encoding: 'identity' });
      }
      expect(calls.length).toBe(before);
    },
  );

  test.each(['utf-16', 'UTF-16LE', '"latin1"', 'utf-8; charset=utf-16', 'nonsense'])(
    'may not be in %s',
    async (charset) => {
      for (const url of urls)
        expect(await send(url, { 'content-type': `${type}; charset=${charset}` })).toMatchObject(
          shaped(url, problem(415, 'unsupported_media_type')),
        );
    },
  );

  test('may be plain, and in UTF-8 by any of its names', async () => {
    for (const url of urls)
      for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8', 'us-ascii'])
        expect(
          (await send(url, { 'content-type': `${type}; charset=${charset}`, 'content-encoding': 'identity' })).status,
        ).not.toBe(415);
  });
});

const jsonWrites = writes.filter(([, { kind, parameters }]) => kind === 'json' && !parameters.has('organizationId'));

describe.each(jsonWrites)('a member that occurs twice in the input of %s', (name, operation) => {
  const urls = [
    `/api/v1${operation.path.replaceAll(/\{\w+\}/g, noteId)}`,
    ...(operation.restOnly ? [] : [`/trpc/${name}`]),
  ];

  test.each([
    ['{"a":1,"a":1}', ['/body/a']],
    ['{"a":1,"\\u0061":2}', ['/body/a']],
    ['{"a":{"b":[1,{"c":1,"c":2}]}}', ['/body/a/b/1/c']],
    ['{"a":"\\"","b":1,"a" :\n2,"b":[],"x/y~":0,"x/y~":{}}', ['/body/a', '/body/b', '/body/x~1y~0']],
    ['{"__proto__":1,"__proto__":2}', ['/body/__proto__']],
    ['{"a":{"a":1},"b":[{"a":1},{"a":1}],"c":"a","":1,"":2}', ['/body/']],
  ])('is refused: %s', async (payload, wrong) => {
    for (const url of urls) {
      const response = await app.inject({
        method: url.startsWith('/trpc') ? 'POST' : operation.method,
        url,
        headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
        payload,
      });
      const body = response.json();
      const found = url.startsWith('/trpc') ? body.error.data.problem : body;
      expect({ url, status: response.statusCode, code: found.code }).toEqual({
        url,
        status: 400,
        code: 'validation_failed',
      });
      expect(found.errors.map(({ path }: { path: string }) => path)).toEqual(wrong);
    }
  });
});

test('a member that occurs twice in the query of a procedure is refused too, and in a batch only where it is', async () => {
  const input = encodeURIComponent(`{"id":"${noteId}","id":"${noteId}"}`);
  const response = await app.inject({
    url: `/trpc/notes.get?input=${input}`,
    headers: { authorization: 'Bearer owner' },
  });
  expect(response.json().error.data.problem).toMatchObject({ status: 400, errors: [{ path: '/path/id' }] });

  const both = `{"0":{"id":"${noteId}"},"1":{"id":"${noteId}","id":"${noteId}"},"2":{"limit":1}}`;
  const batch = await app.inject({
    url: `/trpc/notes.get,notes.get,notes.list?batch=1&input=${encodeURIComponent(both)}`,
    headers: { authorization: 'Bearer owner' },
  });
  const answers = batch.json<{ error?: { data: { problem: { errors: unknown } } } }[]>();
  expect(answers.map(({ error }) => error?.data.problem.errors)).toEqual([
    undefined,
    [expect.objectContaining({ path: '/path/id' })],
    undefined,
  ]);
});

test('whoever is not signed in learns nothing about the body', async () => {
  for (const url of ['/api/v1/notes', '/trpc/notes.create']) {
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url, headers, payload: '{"a":1,"a":1}' });
    expect(response.statusCode).toBe(401);
  }
});
