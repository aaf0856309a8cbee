import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, TRPCClientError } from '@trpc/client';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calls, fixtureServer, type FixtureRouter, note, noteId, organizationId } from './testing/fixture.ts';

let app: FastifyInstance;
let base: string;
beforeAll(async () => {
  app = fixtureServer();
  base = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => app.close());

const links = { httpLink, httpBatchLink, httpBatchStreamLink };

function client(
  role: string,
  { link = 'httpLink', headers = {} }: { link?: keyof typeof links; headers?: Record<string, string> } = {},
) {
  return createTRPCClient<FixtureRouter>({
    links: [
      links[link]({ url: `${base}/trpc`, headers: { ...(role && { authorization: `Bearer ${role}` }), ...headers } }),
    ],
  });
}

async function failure(promise: Promise<unknown>) {
  const error = await promise.then(
    () => expect.fail('it should have failed'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TRPCClientError)) throw error;
  return error as TRPCClientError<FixtureRouter>;
}

const problem = async (promise: Promise<unknown>) => (await failure(promise)).data?.problem;

/** The body as any type. Each expectation says what it should be. */
const bodyOf = async (answer: Response) => JSON.parse(await answer.text());

describe.each(['httpLink', 'httpBatchLink', 'httpBatchStreamLink'] as const)('%s', (link) => {
  test('reads and writes', async () => {
    const trpc = client('owner', { link });
    const [one, page, nobody] = await Promise.all([
      trpc.notes.get.query({ id: noteId }),
      trpc.notes.list.query(),
      failure(trpc.notes.get.query({ id: organizationId })),
    ]);
    expect(one).toEqual(note());
    expect(page.data).toEqual([note()]);
    expect(nobody.data?.problem).toMatchObject({ status: 404, code: 'note_not_found' });
    expect(await trpc.notes.delete.mutate({ id: noteId })).toBeUndefined();
  });

  test('an error is the same problem as over REST', async () => {
    const trpc = client('owner', { link });
    const { shape } = await failure(trpc.notes.create.mutate({ title: 'field' }));
    expect(shape).toMatchObject({
      code: -32600,
      data: { code: 'BAD_REQUEST', httpStatus: 400, path: 'notes.create' },
    });
    expect(shape?.data.problem).toEqual({
      type: 'urn:tenon:problem:validation_failed',
      docs: '/problems/validation_failed',
      title: 'Validation failed',
      status: 400,
      detail: 'No such tag.',
      instance: '/trpc/notes.create',
      code: 'validation_failed',
      requestId: 'request-1',
      errors: [{ path: '/body/tags/0/a~1b~0c', code: 'custom', message: 'No such tag.' }],
    });
    expect(shape?.data).not.toHaveProperty('stack');
  });

  test('operations for REST only do not exist', async () => {
    const trpc = client('owner', { link });
    const [refresh, ok] = await Promise.all([
      problem(trpc.auth.refresh.mutate({})),
      trpc.notes.create.mutate({ title: 'Milk' }),
    ]);
    expect(refresh).toMatchObject({ status: 404, code: 'procedure_not_found' });
    expect(ok.title).toBe('Milk');
  });
});

test('pointers are those of REST', async () => {
  const trpc = client('owner');
  // Wrong on purpose, as a client without types would send it.
  const wrong = { id: 'x', permanent: 'yes', extra: 1 } as unknown as { id: string };
  const remove = await problem(trpc.notes.delete.mutate(wrong));
  expect(remove?.errors?.map(({ path }) => path)).toEqual(['/path/id', '/query/permanent', '/query/extra']);
  const update = await problem(trpc.notes.update.mutate({ ...wrong, title: '' }));
  expect(update?.errors?.map(({ path }) => path)).toEqual([
    '/body/title',
    '/path/id',
    '/body/permanent',
    '/body/extra',
  ]);
});

test('input is checked as over REST', async () => {
  const trpc = client('owner');
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as never;
  expect((await problem(trpc.notes.create.mutate({ title: 'a', data: deep })))?.status).toBe(400);
  expect((await problem(trpc.notes.create.mutate({ title: 'a\u0000' })))?.errors?.[0]?.path).toBe('/body/title');
  expect((await problem(trpc.notes.get.query({ id: '\ud800' })))?.errors?.[0]?.path).toBe('/path/id');
});

test('the order of checks is that of REST', async () => {
  const wrong = { title: 5 } as unknown as { title: string };
  expect((await problem(client('').notes.create.mutate(wrong)))?.status).toBe(401);
  expect((await problem(client('many').notes.create.mutate(wrong)))?.code).toBe('organization_required');
  expect((await problem(client('viewer').notes.create.mutate(wrong)))?.permission).toBe('task:create');
  expect((await problem(client('owner').notes.create.mutate(wrong)))?.status).toBe(400);
});

test("the input's organizationId plays the path's part", async () => {
  const read = (id: string, header: string) =>
    client('owner', { headers: { 'x-organization-id': header } }).organizations.get.query({ organizationId: id });
  expect(await read('acme', organizationId)).toEqual({ id: organizationId });
  expect((await problem(read('acme', 'other')))?.errors?.[0]?.path).toBe('/header/X-Organization-Id');
  expect((await problem(read('nowhere', 'nowhere')))?.code).toBe('organization_not_found');
  expect((await problem(read('\u0000', 'acme')))?.errors?.[0]?.path).toBe('/path/organizationId');
});

describe('the mutation headers', () => {
  const raw = (path: string, headers: Record<string, string>, body: unknown) =>
    fetch(`${base}/trpc/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer owner', 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  test('reach the service, and the answer says what they did', async () => {
    const replayed = await raw('notes.update', { 'idempotency-key': 'replayed', 'if-match': '"3"' }, { id: noteId });
    expect([replayed.status, replayed.headers.get('idempotency-replayed'), replayed.headers.get('etag')]).toEqual([
      200,
      'true',
      '"4"',
    ]);
    expect(calls.at(-1)?.ctx.mutation).toMatchObject({ procedure: 'notes.update', ifMatch: 3 });
    const dry = await raw('notes.create', { 'dry-run': 'true' }, { title: 'a' });
    expect(await dry.json()).toMatchObject({ result: { data: { dryRun: true, result: { title: 'a' }, events: [] } } });
  });

  test('are refused where they mean nothing', async () => {
    const answer = await raw('notes.create', { 'if-match': '*' }, { title: 'a' });
    expect([answer.status, (await bodyOf(answer)).error.data.problem.errors[0].path]).toEqual([
      400,
      '/header/If-Match',
    ]);
  });

  test('do not go with a batch of several calls', async () => {
    const two = { 0: { title: 'a' }, 1: { title: 'b' } };
    const before = calls.length;
    for (const accept of ['*/*', 'application/jsonl']) {
      const answer = await raw(
        'notes.create,notes.create?batch=1',
        { 'idempotency-key': 'k', 'trpc-accept': accept },
        two,
      );
      expect(await answer.text()).toContain('/header/Idempotency-Key');
    }
    const answer = await raw('notes.create,notes.create?batch=1', { 'dry-run': 'true' }, two);
    expect(answer.status).toBe(400);
    expect(calls.length).toBe(before);
    expect((await raw('notes.create?batch=1', { 'idempotency-key': 'k' }, { 0: { title: 'a' } })).status).toBe(200);
  });
});

describe('an error before the procedure', () => {
  type Sent = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };
  const send = (path: string, init: Sent = {}) =>
    fetch(`${base}/trpc/${path}`, { ...init, headers: { authorization: 'Bearer owner', ...init.headers } });
  const json = { 'content-type': 'application/json' };
  const big = JSON.stringify({ title: 'a'.repeat(1024 * 1024) });

  test.each([
    ['malformed JSON', 'notes.create', { method: 'POST', headers: json, body: '{' }, 400, 'validation_failed'],
    [
      'a body that is not UTF-8',
      'notes.create',
      { method: 'POST', headers: json, body: Buffer.from([0xff]) },
      400,
      'validation_failed',
    ],
    ['a malformed query', 'notes.get?input=%7B', {}, 400, 'validation_failed'],
    ['an unknown path', 'nothing.here', {}, 404, 'procedure_not_found'],
    ['an operation for REST only, by any method', 'auth.refresh', {}, 404, 'procedure_not_found'],
    ['a path of two segments', 'notes/get', {}, 404, 'procedure_not_found'],
    ['a mutation by GET', 'notes.create', {}, 405, 'method_not_allowed'],
    ['a method of REST', 'notes.create', { method: 'PUT', headers: json, body: '{}' }, 405, 'method_not_allowed'],
    ['too large a body', 'notes.create', { method: 'POST', headers: json, body: big }, 413, 'payload_too_large'],
    ['a path that is not UTF-8', '%ED%A0%80', {}, 400, 'validation_failed'],
    ['too long an address', `${'a'.repeat(9000)}`, {}, 414, 'uri_too_long'],
    [
      'another media type',
      'notes.create',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' },
      415,
      'unsupported_media_type',
    ],
    ['no media type', 'notes.create', { method: 'POST' }, 415, 'unsupported_media_type'],
    [
      'a mixed batch',
      'notes.create,notes.list?batch=1',
      { method: 'POST', headers: json, body: '{}' },
      400,
      'validation_failed',
    ],
    ['too large a batch', `${Array(101).fill('notes.list').join(',')}?batch=1`, {}, 400, 'validation_failed'],
  ] as const)('%s', async (_what, path, init, status, code) => {
    const answer = await send(path, init);
    const { error } = await bodyOf(answer);
    expect([answer.status, error.data.httpStatus, error.data.problem.status]).toEqual([status, status, status]);
    expect(error.data.problem).toMatchObject({ code, requestId: 'request-1', type: `urn:tenon:problem:${code}` });
    expect(error.data.problem.instance).toBe(`/trpc/${path.split('?')[0]}`);
    expect(answer.headers.get('x-request-id')).toBe('request-1');
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
  });

  test('reaches every call of a batch', async () => {
    for (const link of ['httpBatchLink', 'httpBatchStreamLink'] as const) {
      const trpc = client('owner', { link });
      const titles = ['a', 'b'].map((letter) => letter.repeat(1024 * 1024));
      const problems = await Promise.all(titles.map((title) => problem(trpc.notes.create.mutate({ title }))));
      expect(problems.map((found) => found?.code)).toEqual(['payload_too_large', 'payload_too_large']);
    }
  });
});

test('a long batch fits', async () => {
  const trpc = client('owner', { link: 'httpBatchLink' });
  const pages = await Promise.all(Array.from({ length: 60 }, () => trpc.notes.list.query({ limit: 1 })));
  expect(pages).toHaveLength(60);
});

test('errors say what HTTP wants', async () => {
  const anonymous = await fetch(`${base}/trpc/notes.list`);
  expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  const locked = await failure(client('owner').notes.create.mutate({ title: 'locked' }));
  const meta = locked.meta as { response: Response };
  expect([meta.response.status, meta.response.headers.get('retry-after')]).toEqual([409, '2']);
  const crash = await failure(client('owner').notes.create.mutate({ title: 'crash' }));
  expect(JSON.stringify(crash.shape)).not.toContain('secret');
});
