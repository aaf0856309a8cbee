import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { calls, fixtureServer, noteId, organizationId } from './testing/fixture.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = fixtureServer();
  await app.ready();
});
afterAll(() => app.close());
beforeEach(() => void (calls.length = 0));

interface Sent {
  role?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

async function send(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  { role = 'owner', headers = {}, body }: Sent = {},
) {
  const response = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      ...(role && { authorization: `Bearer ${role}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.statusCode, headers: response.headers, body: response.body ? response.json() : null };
}

const create = (sent: Sent) => send('POST', '/notes', { body: { title: 'Milk' }, ...sent });

describe('the order of checks', () => {
  const wrongHeaders = { 'if-match': 'x', 'idempotency-key': '' };

  test('401 comes before the organization, the permission, the headers and the body', async () => {
    const { status, headers, body } = await create({
      role: '',
      headers: { ...wrongHeaders, 'x-organization-id': 'nowhere' },
      body: '{"title":',
    });
    expect([status, body.code, headers['www-authenticate']]).toEqual([401, 'unauthenticated', 'Bearer']);
  });

  test.each(['Bearer', 'Basic owner', 'Bearer forged', 'owner'])('Authorization: %s is 401', async (authorization) => {
    expect((await create({ role: '', headers: { authorization } })).status).toBe(401);
  });

  test('the scheme has no case', async () => {
    expect((await create({ role: '', headers: { authorization: 'bEARER owner' } })).status).toBe(201);
  });

  test('the organization comes before the permission and the input', async () => {
    for (const [role, code, status] of [
      ['stranger', 'no_organization', 403],
      ['many', 'organization_required', 400],
    ] as const) {
      const { body } = await create({ role, headers: wrongHeaders, body: '{' });
      expect([body.status, body.code]).toEqual([status, code]);
    }
    const { body } = await create({
      role: 'viewer',
      headers: { ...wrongHeaders, 'x-organization-id': 'nowhere' },
      body: {},
    });
    expect([body.status, body.code]).toEqual([404, 'organization_not_found']);
  });

  test('the permission comes before the input', async () => {
    const { body } = await create({ role: 'viewer', headers: wrongHeaders, body: '{' });
    expect(body).toMatchObject({
      status: 403,
      code: 'permission_denied',
      permission: 'task:create',
      grantedBy: expect.arrayContaining(['owner', 'member']),
    });
  });

  test('and so it does in the organization of the path', async () => {
    const { body } = await send('PATCH', '/organizations/acme', { body: '{' });
    expect([body.status, body.permission]).toEqual([403, 'organization:update']);
    expect((await send('PATCH', '/organizations/nowhere', { body: '{' })).status).toBe(404);
  });

  test('the headers come before the body, and the body before the service', async () => {
    const wrong = await create({ headers: wrongHeaders, body: '{' });
    expect(wrong.body.errors.map((error: { path: string }) => error.path)).toEqual([
      '/header/Idempotency-Key',
      '/header/If-Match',
    ]);
    expect((await create({ headers: { 'idempotency-key': 'replayed' }, body: {} })).status).toBe(400);
    expect(calls).toEqual([]);
  });
});

describe('the organization', () => {
  const read = (path: string, header?: string) =>
    send('GET', `/organizations/${path}`, header === undefined ? {} : { headers: { 'x-organization-id': header } });

  test('of the header may be an id or a slug', async () => {
    for (const id of ['acme', organizationId]) {
      const { body } = await send('GET', '/auth/me', { role: 'many', headers: { 'x-organization-id': id } });
      expect(body).toEqual({ userId: 'many', organizationId });
    }
    expect((await send('GET', '/auth/me', { role: 'many' })).body.organizationId).toBeNull();
  });

  test('of the path and of the header are one', async () => {
    expect((await read('acme', 'acme')).status).toBe(200);
    expect((await read('acme', organizationId)).status).toBe(200);
    for (const [path, header] of [
      ['acme', 'other'],
      [organizationId, '0190a0a0-0000-7000-8000-0000000000ab'],
    ] as const) {
      const { status, body } = await read(path, header);
      expect([status, body.code, body.errors[0].path]).toEqual([400, 'validation_failed', '/header/X-Organization-Id']);
    }
  });

  test.each(['a b', '%00', '%C3%A9', 'a'.repeat(65)])('%s is neither', async (text) => {
    const path = await read(text.replaceAll(' ', '%20'));
    expect([path.status, path.body.errors[0].path]).toEqual([400, '/path/organizationId']);
    const header = await send('GET', '/notes', { headers: { 'x-organization-id': text } });
    expect([header.status, header.body.errors[0].path]).toEqual([400, '/header/X-Organization-Id']);
  });
});

describe('a mutation', () => {
  test('hands its headers, its name and its parsed input to the service', async () => {
    await send('PATCH', `/notes/${noteId}`, {
      headers: { 'idempotency-key': 'k', 'if-match': '"3"', 'dry-run': 'false' },
      body: { title: 'Tea' },
    });
    expect(calls[0]?.ctx).toMatchObject({
      requestId: 'request-1',
      mutation: {
        procedure: 'notes.update',
        input: { id: noteId, title: 'Tea' },
        idempotencyKey: 'k',
        ifMatch: 3,
        dryRun: false,
        secretAnswer: false,
      },
    });
    await send('POST', `/notes/${noteId}/shares`);
    expect(calls[1]?.ctx.mutation).toMatchObject({ secretAnswer: true, idempotencyKey: null, ifMatch: null });
    await send('DELETE', `/notes/${noteId}`, { headers: { 'if-match': '*' } });
    expect(calls[2]?.ctx.mutation?.ifMatch).toBe('*');
  });

  test.each([
    ['Idempotency-Key', ''],
    ['Idempotency-Key', 'two words'],
    ['Idempotency-Key', 'a'.repeat(256)],
    ['Idempotency-Key', 'é'],
    ['If-Match', '3'],
    ['If-Match', ''],
    ['If-Match', ','],
    ['If-Match', '*, "3"'],
    ['If-Match', '"3" "4"'],
    ['If-Match', 'w/"3"'],
    ['If-Match', '"a b"'],
    ['If-None-Match', '3'],
    ['If-None-Match', '"3'],
    ['Dry-Run', '1'],
    ['Dry-Run', 'True'],
  ])('refuses %s: %s', async (name, value) => {
    const { status, body } = await send('PATCH', `/notes/${noteId}`, { headers: { [name]: value }, body: {} });
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'validation_failed', `/header/${name}`]);
  });

  test.each([
    ['If-Match', '"03"', []],
    ['If-Match', 'W/"3"', []],
    ['If-Match', '"3", "4"', [3, 4]],
    ['If-Match', '"-1",, W/"4" ,"5"', 5],
    ['If-None-Match', '*', '*'],
    ['If-None-Match', '"4"', 4],
    ['If-None-Match', 'W/"4", "x","5"', [4, 5]],
  ])('hands on the versions that %s: %s names', async (name, value, versions) => {
    await send('PATCH', `/notes/${noteId}`, { headers: { [name]: value }, body: {} });
    expect(calls[0]?.ctx.mutation).toMatchObject(
      name === 'If-Match' ? { ifMatch: versions, ifNoneMatch: null } : { ifMatch: null, ifNoneMatch: versions },
    );
  });

  test('takes a key of 255 characters', async () => {
    expect((await create({ headers: { 'idempotency-key': '!'.repeat(255) } })).status).toBe(201);
  });

  test('without a versioned target refuses If-Match, and so does a read', async () => {
    for (const answer of [
      await create({ headers: { 'if-match': '*' } }),
      await send('GET', `/notes/${noteId}`, { headers: { 'if-match': '"3"' } }),
    ])
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, '/header/If-Match']);
  });

  test('of auth.* refuses all three', async () => {
    const { status, body } = await send('POST', '/auth/register', {
      role: '',
      headers: { 'idempotency-key': 'a', 'if-match': '*', 'dry-run': 'true' },
      body: { email: 'ada@example.com' },
    });
    expect(status).toBe(400);
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual([
      '/header/Idempotency-Key',
      '/header/If-Match',
      '/header/Dry-Run',
    ]);
  });

  test('that was replayed says so', async () => {
    const { status, headers } = await create({ headers: { 'idempotency-key': 'replayed' } });
    expect([status, headers['idempotency-replayed'], headers.location]).toEqual([
      201,
      'true',
      `/api/v1/notes/${noteId}`,
    ]);
    expect((await create({})).headers['idempotency-replayed']).toBeUndefined();
  });

  test('that ran dry answers 200 with the result and the events', async () => {
    const dry = await create({ headers: { 'dry-run': 'true' } });
    expect([dry.status, dry.headers.location, dry.headers.etag]).toEqual([200, undefined, undefined]);
    expect(dry.body).toMatchObject({ dryRun: true, result: { id: noteId, title: 'Milk' }, events: [] });
    const deletion = await send('DELETE', `/notes/${noteId}`, { headers: { 'dry-run': 'true' } });
    expect([deletion.status, deletion.body]).toEqual([200, { dryRun: true, result: null, events: [] }]);
  });

  test('of a stale version is 412', async () => {
    const { status, body } = await send('PATCH', `/notes/${noteId}`, { headers: { 'if-match': '"2"' }, body: {} });
    expect([status, body.code]).toEqual([412, 'version_conflict']);
  });
});

describe('an error of the service', () => {
  test('points at its field', async () => {
    const { body } = await create({ body: { title: 'field' } });
    expect(body.errors).toEqual([{ path: '/body/tags/0/a~1b~0c', code: 'custom', message: 'No such tag.' }]);
  });

  test('carries what its code needs', async () => {
    const limit = await create({ body: { title: 'limit' } });
    expect(limit.body).toMatchObject({ status: 402, code: 'notes_exhausted', limit: 'notes', max: 10 });
    const locked = await create({ body: { title: 'locked' } });
    expect([locked.status, locked.headers['retry-after']]).toEqual([409, '2']);
  });

  test('that is unexpected leaks nothing', async () => {
    const { status, body } = await create({ body: { title: 'crash' } });
    expect([status, body]).toEqual([
      500,
      {
        type: 'urn:tenon:problem:internal',
        docs: '/problems/internal',
        title: 'Internal',
        status: 500,
        detail: 'Something went wrong on our side.',
        instance: '/api/v1/notes',
        code: 'internal',
        requestId: 'request-1',
      },
    ]);
  });
});

describe('with checkOutputs', () => {
  test('an answer with an unknown field or a wrong value, and an undeclared problem, are our mistake', async () => {
    const extra = await send('PATCH', `/notes/${noteId}`, { body: { title: 'extra' } });
    expect([extra.status, extra.body.detail]).toEqual([500, expect.stringContaining('notes.update answered what')]);
    const wrong = await send('PATCH', `/notes/${noteId}`, { body: { title: 'wrong' } });
    expect([wrong.status, wrong.body.detail]).toEqual([500, expect.stringContaining('what its schema forbids')]);
    const undeclared = await create({ body: { title: 'undeclared' } });
    expect([undeclared.status, undeclared.body.detail]).toEqual([500, expect.stringContaining('too_many_notes')]);
  });

  test('off, neither is looked at', async () => {
    const plain = fixtureServer({ checkOutputs: false });
    const answer = await plain.inject({
      method: 'PATCH',
      url: `/api/v1/notes/${noteId}`,
      headers: { authorization: 'Bearer owner' },
      payload: { title: 'extra' },
    });
    expect([answer.statusCode, answer.json().secret]).toEqual([200, 'unknown field']);
    await plain.close();
  });
});
