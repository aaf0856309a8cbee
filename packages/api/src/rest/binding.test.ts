import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { calls, fixtureServer, note, noteId, organizationId } from '../testing/fixture.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = fixtureServer();
  await app.ready();
});
afterAll(() => app.close());

const as = (role: string) => ({ authorization: `Bearer ${role}` });

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

async function call(method: Method, url: string, options: Pick<InjectOptions, 'payload' | 'headers'> = {}) {
  const response = await app.inject({ method, url, ...options, headers: { ...as('owner'), ...options.headers } });
  return {
    response,
    status: response.statusCode,
    headers: response.headers,
    body: response.body ? response.json() : null,
  };
}

const paths = (body: { errors?: { path: string; code: string }[] }) =>
  (body.errors ?? []).map(({ path, code }) => [path, code]);

describe('a successful answer', () => {
  test('of a read is the output, with its version as ETag and the request id', async () => {
    const { status, headers, body } = await call('GET', `/api/v1/notes/${noteId}`);
    expect(status).toBe(200);
    expect(body).toEqual(note());
    expect(headers).toMatchObject({
      etag: '"3"',
      'x-request-id': 'request-1',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  test('HEAD answers as GET does, without a body', async () => {
    const { response, status, headers } = await call('HEAD', `/api/v1/notes/${noteId}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ etag: '"3"', 'content-length': String(JSON.stringify(note()).length) });
    expect(response.body).toBe('');
  });

  test('of a creation is 201 with Location', async () => {
    const { status, headers, body } = await call('POST', '/api/v1/notes', { payload: { title: 'Bread' } });
    expect(status).toBe(201);
    expect(headers).toMatchObject({ location: `/api/v1/notes/${noteId}`, etag: '"1"' });
    expect(body).toMatchObject({ title: 'Bread' });
  });

  test('may say another Location', async () => {
    const { headers } = await call('POST', `/api/v1/notes/${noteId}/shares`);
    expect(headers.location).toBe('/api/v1/shares/secret');
  });

  test('of a deletion is 204 without a body', async () => {
    const { response, status } = await call('DELETE', `/api/v1/notes/${noteId}?permanent=true`);
    expect(status).toBe(204);
    expect(response.body).toBe('');
    expect(calls.at(-1)?.ctx.mutation?.input).toEqual({ id: noteId, permanent: true });
  });

  test('of a list links to the next page and keeps the query', async () => {
    const { headers } = await call('GET', '/api/v1/notes?color=red&color=green&limit=2');
    expect(headers.link).toBe('</api/v1/notes?color=red&color=green&limit=2&cursor=next+page>; rel="next"');
    const last = await call('GET', '/api/v1/notes?cursor=next+page');
    expect(last.headers.link).toBeUndefined();
  });

  test('PUT is the same operation as PATCH, and merge-patch is JSON', async () => {
    const put = await call('PUT', `/api/v1/notes/${noteId}`, { payload: { title: 'Tea' } });
    expect([put.status, put.body.title]).toEqual([200, 'Tea']);
    const patch = await call('PATCH', `/api/v1/notes/${noteId}`, {
      payload: '{"title":"Rice"}',
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect([patch.status, patch.body.title]).toEqual([200, 'Rice']);
  });

  test('without a body has no fields to change', async () => {
    const { status } = await call('PATCH', `/api/v1/notes/${noteId}`);
    expect(status).toBe(200);
    expect(calls.at(-1)?.input).toEqual({ id: noteId });
  });
});

describe('the query', () => {
  test('becomes what the schema says, and nothing else', async () => {
    const url = '/api/v1/notes?limit=7&ratio=-1.5e1&archived=false&color=red&search=a%2Cb+c';
    expect((await call('GET', url)).status).toBe(200);
    expect(calls.at(-1)?.ctx.mutation).toBeUndefined();
  });

  test.each([
    ['limit=abc', '/query/limit', 'invalid_type'],
    ['limit=', '/query/limit', 'invalid_type'],
    ['limit=0x10', '/query/limit', 'invalid_type'],
    ['limit=1&limit=2', '/query/limit', 'invalid_type'],
    ['limit=101', '/query/limit', 'too_big'],
    ['limit=1.5', '/query/limit', 'invalid_type'],
    ['archived=1', '/query/archived', 'invalid_type'],
    ['archived=TRUE', '/query/archived', 'invalid_type'],
    ['color=red,green', '/query/color/0', 'invalid_value'],
    ['color=red&color=blue', '/query/color/1', 'invalid_value'],
    ['search=a&search=b', '/query/search', 'invalid_type'],
    ['search=%00', '/query/search', 'custom'],
    ['search=%ED%A0%80', '/query/search', 'invalid_format'],
    ['search=%zz', '/query/search', 'invalid_format'],
    ['unknown=1', '/query/unknown', 'unrecognized_keys'],
    ['__proto__=1', '/query/__proto__', 'custom'],
    ['a~b%2Fc=1', '/query/a~0b~1c', 'unrecognized_keys'],
  ])('%s is refused', async (query, path, code) => {
    const { status, body } = await call('GET', `/api/v1/notes?${query}`);
    expect(status).toBe(400);
    expect(body.code).toBe('validation_failed');
    expect(paths(body)).toEqual([[path, code]]);
  });

  test('reads true and false', async () => {
    expect((await call('GET', '/api/v1/notes?archived=true&archived=true')).status).toBe(400);
    expect((await call('GET', '/api/v1/notes?archived=false')).status).toBe(200);
  });

  test('is not where a mutation takes fields from, nor a field of the path', async () => {
    const body = await call('POST', '/api/v1/notes?title=x', { payload: { title: 'a' } });
    expect(paths(body.body)).toEqual([['/query/title', 'unrecognized_keys']]);
    const path = await call('GET', `/api/v1/notes/${noteId}?id=${noteId}`);
    expect(paths(path.body)).toEqual([['/query/id', 'unrecognized_keys']]);
  });
});

describe('the path', () => {
  test('is percent-decoded', async () => {
    expect((await call('GET', `/api/v1/notes/${noteId.replace('-', '%2D')}`)).status).toBe(200);
  });

  test.each([
    ['not-a-uuid', '/path/id'],
    ['%00', '/path/id'],
  ])('%s is refused', async (id, path) => {
    const { status, body } = await call('GET', `/api/v1/notes/${id}`);
    expect([status, body.errors[0].path]).toEqual([400, path]);
  });

  test.each(['%zz', '%ED%A0%80'])('%s is not percent-encoded UTF-8', async (id) => {
    const { status, body, headers } = await call('GET', `/api/v1/notes/${id}`);
    expect([status, body.code, paths(body)]).toEqual([400, 'validation_failed', [['/path', 'invalid_format']]]);
    expect(headers['content-type']).toBe('application/problem+json');
  });
});

describe('the body', () => {
  const post = (payload: string | object, headers: Record<string, string> = {}) =>
    call('POST', '/api/v1/notes', {
      payload,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    });

  test('has one error for each unknown field, beside the wrong ones', async () => {
    const { body } = await post({ title: '', one: 1, two: 2, tags: [{ 'a/b~c': 5 }] });
    expect(paths(body)).toEqual([
      ['/body/title', 'too_small'],
      ['/body/tags/0/a~1b~0c', 'invalid_type'],
      ['/body/one', 'unrecognized_keys'],
      ['/body/two', 'unrecognized_keys'],
    ]);
  });

  test('does not contain the fields of the path', async () => {
    const { body } = await call('PATCH', `/api/v1/notes/${noteId}`, { payload: { id: noteId, more: 1 } });
    expect(paths(body)).toEqual([
      ['/body/id', 'unrecognized_keys'],
      ['/body/more', 'unrecognized_keys'],
    ]);
  });

  test.each([
    ['{"title":', 'invalid_format'],
    ['[]', 'invalid_type'],
    ['null', 'invalid_type'],
    ['"text"', 'invalid_type'],
  ])('%s is no object', async (payload, code) => {
    const { status, body } = await post(payload);
    expect([status, body.code, paths(body)]).toEqual([400, 'validation_failed', [['/body', code]]]);
  });

  test('is UTF-8', async () => {
    const { status, body } = await post(Buffer.from('{"title":"\u00ff"}', 'latin1'));
    expect([status, paths(body)]).toEqual([400, [['/body', 'invalid_format']]]);
  });

  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  test('is at most 32 levels deep', async () => {
    expect((await post(`{"title":"a","data":${nested(31)}}`)).status).toBe(201);
    const { status, body } = await post(`{"title":"a","data":${nested(32)}}`);
    expect(status).toBe(400);
    expect(body.errors).toHaveLength(1);
    expect(body.errors[0].path).toMatch(/^\/body\/data(\/0){31}$/);
    expect((await post(`{"title":"a","data":${nested(100_000)}}`)).status).toBe(400);
  });

  test.each(['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{}}}'])(
    '%s does not reach a prototype',
    async (data) => {
      const { status, body } = await post(`{"title":"a","data":${data}}`);
      expect([status, body.errors[0].path.startsWith('/body/data/')]).toEqual([400, true]);
      expect((await post(`{"title":"a",${data.slice(1)}`)).status).toBe(400);
    },
  );

  test.each(['\\u0000', '\\ud800'])('%s is not text', async (text) => {
    const { status, body } = await post(`{"title":"a${text}"}`);
    expect([status, paths(body)]).toEqual([400, [['/body/title', 'custom']]]);
    expect((await post(`{"title":"a","data":{"${text}":1}}`)).status).toBe(400);
  });

  test('answers at most a hundred errors', async () => {
    const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]));
    const { body } = await post({ title: 'a', ...fields });
    expect(body.errors).toHaveLength(100);
  });

  test('is refused where the operation takes none', async () => {
    const { status, body } = await call('DELETE', `/api/v1/notes/${noteId}`, { payload: { id: noteId } });
    expect([status, paths(body)]).toEqual([400, [['/body', 'custom']]]);
    const share = await call('POST', `/api/v1/notes/${noteId}/shares`, { payload: { extra: 1 } });
    expect(paths(share.body)).toEqual([['/body/extra', 'unrecognized_keys']]);
  });

  test('of another type is 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'not a type']) {
      const { status, body, headers } = await post('{"title":"a"}', { 'content-type': type });
      expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
      expect(headers['content-type']).toBe('application/problem+json');
    }
  });

  test('over 1 MiB is 413', async () => {
    const { status, body } = await post({ title: 'a'.repeat(1024 * 1024) });
    expect([status, body.code]).toEqual([413, 'payload_too_large']);
  });
});

describe('a redirect', () => {
  const arrive = (query: string, method: 'GET' | 'HEAD' = 'GET') => call(method, `/api/v1/auth/arrive/home?${query}`);

  test('sends the browser on, with cookies, and is not cached', async () => {
    const { response, status, headers } = await arrive('ticket=t');
    expect([status, response.body]).toEqual([303, '']);
    expect(headers).toMatchObject({
      location: 'https://app.example.com/?from=home',
      'cache-control': 'no-store',
      'set-cookie': expect.stringContaining('tenon_refresh=t;'),
    });
  });

  test('ignores unknown parameters, and counts empty ones as missing', async () => {
    const sent = 'ticket=t&again=&unknown=1&from=elsewhere&%FF=1&__proto__=1&bad=%zz';
    expect((await arrive(sent)).status).toBe(303);
    expect(calls.at(-1)?.input).toEqual({ from: 'home', ticket: 't' });
    const { status, body } = await arrive('ticket=');
    expect([status, paths(body)]).toEqual([400, [['/query/ticket', 'invalid_type']]]);
  });

  test.each([
    ['ticket=t&ticket=t', '/query/ticket'],
    ['ticket=t&again=1', '/query/again'],
    ['ticket=%FF', '/query/ticket'],
  ])('refuses %s', async (query, path) => {
    const { status, body } = await arrive(query);
    expect([status, body.errors[0].path]).toEqual([400, path]);
  });

  test('does not act on HEAD', async () => {
    const before = calls.length;
    const { status, headers } = await arrive('ticket=t', 'HEAD');
    expect([status, headers.allow]).toEqual([405, 'GET']);
    expect(calls.length).toBe(before);
  });

  test('takes no headers of mutations', async () => {
    const { status, body } = await call('GET', '/api/v1/auth/arrive/home?ticket=t', { headers: { 'dry-run': 'true' } });
    expect([status, body.errors[0].path]).toEqual([400, '/header/Dry-Run']);
  });

  test('goes to a whole address only', async () => {
    const { status, headers } = await arrive('ticket=relative');
    expect([status, headers.location]).toEqual([500, undefined]);
  });
});

describe('a form', () => {
  const type = 'application/x-www-form-urlencoded';
  const notify = (payload: string | Buffer, url = '/api/v1/auth/notify/home') =>
    call('POST', url, { payload, headers: { 'content-type': type } });

  test('gives its fields the types of the schema, and may be answered with an empty 200', async () => {
    const { response, status, headers } = await notify('notice=a+b%2Cc&times=3', '/api/v1/auth/notify/home?notice=x');
    expect([status, response.body, headers['cache-control']]).toEqual([200, '', 'no-store']);
    expect(calls.at(-1)?.input).toEqual({ from: 'home', notice: 'a b,c', times: 3 });
  });

  test('is strict or not, as its schema says', async () => {
    expect((await notify('notice=a&times=&unknown=1&from=elsewhere&%FF=1')).status).toBe(200);
    expect(calls.at(-1)?.input).toEqual({ from: 'home', notice: 'a' });
    const vote = (payload: string) =>
      call('POST', '/api/v1/auth/votes', { payload, headers: { 'content-type': type } });
    expect((await vote('choice=a&choice=b&comment=')).body).toEqual({ choice: ['a', 'b'], comment: '' });
    const { body } = await vote('choice=a&unknown=1&__proto__=1');
    expect(paths(body)).toEqual([['/body/__proto__', 'custom']]);
  });

  test.each([
    ['', '/body/notice'],
    ['notice=a&notice=b', '/body/notice'],
    ['notice=%FF', '/body/notice'],
    ['notice=%00', '/body/notice'],
    [Buffer.from('notice=\u00ff', 'latin1'), '/body'],
  ])('of %s is refused', async (payload, path) => {
    const { status, body } = await notify(payload);
    expect([status, body.errors[0].path]).toEqual([400, path]);
  });

  test('answers at most a hundred errors', async () => {
    const payload = Array.from({ length: 200 }, (_, index) => `field${index}=%FF`).join('&');
    const { body } = await call('POST', '/api/v1/auth/votes', { payload, headers: { 'content-type': type } });
    expect(body.errors).toHaveLength(100);
  });

  test('is read after the caller is authenticated', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/auth/votes',
      payload: 'no=such',
      headers: { 'content-type': type },
    });
    expect(response.statusCode).toBe(401);
  });

  test('is taken by forms only, and forms take nothing else', async () => {
    const json = await call('POST', '/api/v1/auth/notify/home', { payload: { notice: 'a' } });
    expect([json.status, json.body.code]).toEqual([415, 'unsupported_media_type']);
    expect(json.body.detail).toBe('Send the body as application/x-www-form-urlencoded.');
    expect((await notify('title=a', '/api/v1/notes')).status).toBe(415);
  });

  test('over 64 KiB is 413', async () => {
    expect((await notify(`notice=${'a'.repeat(64 * 1024)}`)).status).toBe(413);
  });
});

describe('routing', () => {
  test('an unknown path is 404, whatever is sent to it', async () => {
    const { status, body, headers } = await call('GET', '/api/v1/nothing?token=secret');
    expect([status, body]).toEqual([
      404,
      {
        type: 'urn:tenon:problem:route_not_found',
        docs: '/problems/route_not_found',
        title: 'Route not found',
        status: 404,
        detail: 'There is nothing at this path.',
        instance: '/api/v1/nothing',
        code: 'route_not_found',
        requestId: 'request-1',
      },
    ]);
    expect(headers).toMatchObject({ 'x-request-id': 'request-1', 'content-type': 'application/problem+json' });
    const posted = await call('POST', '/api/v1/nothing', { payload: 'x', headers: { 'content-type': 'text/plain' } });
    expect(posted.status).toBe(404);
  });

  test.each([
    ['POST', `/api/v1/notes/${noteId}`, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['DELETE', '/api/v1/notes', 'GET, HEAD, POST'],
    ['GET', '/api/v1/auth/register', 'POST'],
    ['HEAD', '/api/v1/auth/register', 'POST'],
    ['TRACE', '/api/v1/notes', 'GET, HEAD, POST'],
  ] as const)('%s %s is 405 with Allow', async (method, url, allow) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      ...(method === 'POST' ? { payload: 'x', headers: { 'content-type': 'text/plain' } } : {}),
    });
    expect([response.statusCode, response.headers.allow]).toEqual([405, allow]);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(response.body).toContain(method === 'HEAD' ? '' : 'method_not_allowed');
  });

  test('an address that is too long is 414', async () => {
    const { status, body } = await call('GET', `/api/v1/notes?search=${'a'.repeat(9000)}`);
    expect([status, body.code]).toEqual([414, 'uri_too_long']);
    expect((await call('GET', `/api/v1/notes/${'a'.repeat(9000)}`)).status).toBe(414);
  });
});

describe('aliases', () => {
  test.each([`/api/v1/items/${noteId}/comments`, `/api/items/${noteId}/comments`, `/api/tasks/${noteId}/comments`])(
    '%s answers with canonical links',
    async (url) => {
      const { status, headers, body } = await call('POST', url, { payload: { body: 'Yes' } });
      expect([status, headers.location]).toEqual([201, `/api/v1/tasks/${noteId}/comments/${noteId}`]);
      expect(body.taskId).toBe(noteId);
    },
  );

  test('without v1 the query is kept', async () => {
    expect((await call('GET', '/api/notes?limit=2')).headers.link).toContain('</api/v1/notes?limit=2&');
    expect((await call('GET', '/api?x')).status).toBe(404);
  });

  test('POST /comments takes its task from the body', async () => {
    const { status, headers, body } = await call('POST', '/api/comments', { payload: { taskId: noteId, body: 'Yes' } });
    expect([status, headers.location]).toEqual([201, `/api/v1/tasks/${noteId}/comments/${noteId}`]);
    expect(body).toEqual({ id: noteId, taskId: noteId, body: 'Yes' });
    const wrong = await call('POST', '/api/v1/comments', { payload: { taskId: 7, id: noteId, more: 1 } });
    expect(new Set(paths(wrong.body).map(([path, code]) => `${path} ${code}`))).toEqual(
      new Set([
        '/body/body invalid_type',
        '/body/id unrecognized_keys',
        '/body/more unrecognized_keys',
        '/body/taskId invalid_type',
      ]),
    );
  });
});

test('the organization of the path is an id or a slug', async () => {
  const { body } = await call('GET', '/api/v1/organizations/acme');
  expect(body).toEqual({ id: organizationId });
});
