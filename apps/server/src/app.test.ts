import { METHODS } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createTestPlatform, type TestPlatform } from '@tenon/core/testing';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from './app.ts';
import { type Check, HealthRegistry } from './health/registry.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { readSettings } from './settings.ts';
import { version } from './version.ts';

const allowed = 'https://app.example.com';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let platform: TestPlatform;
let app: FastifyInstance;
let lifecycle: Lifecycle;
let checks: Record<'database' | 'disk', Check>;
let written: string[];

const log = (): Record<string, unknown>[] => written.map((line) => JSON.parse(line));
const line = () => log().find((entry) => entry['msg'] === 'request');

const build = (corsOrigins: string, others: Readonly<Record<string, string>> = {}) => {
  const environment = { DATA_DIR: platform.settings.dataDirectory, CORS_ORIGINS: corsOrigins, ...others };
  const settings = readSettings(environment);
  const logger = createLogger('info', { write: (text: string) => void written.push(text) });
  const health = new HealthRegistry({ database: () => checks.database(), disk: () => checks.disk() });
  return buildApp({ settings, platform, logger, health, lifecycle });
};

beforeAll(async () => {
  platform = await createTestPlatform('sqlite');
});
afterAll(() => platform.dispose());

beforeEach(async () => {
  lifecycle = { phase: 'ready' };
  checks = { database: async () => ({ status: 'ok' }), disk: async () => ({ status: 'ok' }) };
  written = [];
  app = await build(allowed);
  return () => app.close();
});

describe('every answer', () => {
  it.each([
    ['GET', '/', 200],
    ['GET', '/health', 200],
    ['GET', '/nowhere', 404],
    ['GET', '/api/v1/nowhere', 404],
    ['GET', '/api/v1/tasks', 401],
    ['GET', '/trpc/nowhere', 404],
    ['GET', '/%c3%28', 400],
    ['GET', '/trpc/%c3%28', 400],
    ['PATCH', '/api/v1/auth/login', 405],
    ['POST', '/api/v1/auth/login', 415],
  ] as const)('to %s %s names the request and the time it took', async (method, url, status) => {
    const response = await app.inject({
      method,
      url,
      ...(status === 415 ? { headers: { 'content-type': 'text/plain' }, payload: 'x' } : {}),
    });
    expect(response.statusCode).toBe(status);
    expect(response.headers['x-request-id']).toMatch(uuid);
    expect(response.headers['x-process-time']).toMatch(/^\d+\.\d{6}$/);
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('keeps a request id that is safe to log, and no other', async () => {
    const idFor = async (id: string) =>
      (await app.inject({ url: '/', headers: { 'x-request-id': id } })).headers['x-request-id'];
    expect(await idFor('build-7:step.2')).toBe('build-7:step.2');
    for (const id of ['', 'a b', 'x'.repeat(129), '{"a":1}', 'ünï']) expect(await idFor(id)).toMatch(uuid);
  });
});

describe('the request log', () => {
  it('has one line with who did what, how it went and how long it took', async () => {
    const { headers } = await app.inject({ url: '/api/v1/tasks?token=sesame&limit=3' });
    expect(log()).toHaveLength(1);
    expect(line()).toEqual({
      level: 'info',
      time: expect.any(String),
      requestId: headers['x-request-id'],
      method: 'GET',
      path: '/api/v1/tasks',
      status: 401,
      durationMs: expect.any(Number),
      address: '127.0.0.1',
      userAgent: 'lightMyRequest',
      user: null,
      organization: null,
      msg: 'request',
    });
  });

  it('names the user and the organization of an admitted request', async () => {
    const post = (path: string, payload: object) =>
      app.inject({ method: 'POST', url: `/api/v1/auth/${path}`, payload });
    const person = { email: 'ada@example.com', password: 'correct horse battery staple' };
    const { user, organization, verificationToken } = (
      await post('register', { ...person, organizationName: 'Engines' })
    ).json();
    await post('verify-email', { token: verificationToken });
    const { accessToken } = (await post('login', { login: person.email, password: person.password })).json();
    written = [];
    await app.inject({ url: '/api/v1/tasks', headers: { authorization: `Bearer ${accessToken}` } });

    expect(line()).toMatchObject({ status: 200, user: user.id, organization: organization.id });
    expect(written.join('')).not.toContain(accessToken);
  });

  it('contains no credential, wherever it was sent', async () => {
    await app.inject({
      method: 'POST',
      url: '/api/v1/auth/login?password=sesame',
      headers: { authorization: 'Bearer sesame', cookie: 'tenon_refresh=sesame', 'x-api-key': 'sesame' },
      payload: { login: 'nobody@example.com', password: 'sesame-sesame' },
    });
    expect(line()).toMatchObject({ path: '/api/v1/auth/login' });
    expect(written.join('')).not.toContain('sesame');
  });

  it('logs no error when a client leaves before it has sent everything', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    const head = [
      'POST /api/v1/auth/login HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Content-Length: 99',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n{"login"`, () => setTimeout(() => socket.destroy(), 20));
    const last = { level: 'info', msg: 'the client went before it had sent everything' };
    await expect.poll(() => log().at(-1)).toMatchObject(last);
  });

  it('takes the address from a trusted proxy only, and cuts long user agents off', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.7', 'user-agent': 'x'.repeat(300) };
    await app.inject({ url: '/', headers });
    expect(line()).toMatchObject({ address: '127.0.0.1', userAgent: 'x'.repeat(256) });
    written = [];
    const behindProxy = await build(allowed, { TRUST_PROXY: '1' });
    await behindProxy.inject({ url: '/', headers: { ...headers, 'user-agent': 'robot (+ada@example.com)' } });
    await behindProxy.close();
    expect(line()).toMatchObject({ address: '192.0.2.7', userAgent: 'robot (+***@example.com)' });
  });

  it('leaves out successful probes', async () => {
    await app.inject('/health/live');
    expect(log()).toEqual([]);
    lifecycle.phase = 'draining';
    await app.inject('/health/ready');
    expect(line()).toMatchObject({ path: '/health/ready', status: 503 });
  });
});

describe('TRUST_PROXY', () => {
  /** Asks for a mail, of which an address has five, from the client that a proxy names. */
  const asker = async (trusted: string) => {
    const settings = readSettings({ DATA_DIR: platform.settings.dataDirectory, TRUST_PROXY: trusted });
    const fresh = await createTestPlatform('sqlite', { settings: { attemptsPerAddress: 5 } });
    const health = new HealthRegistry({});
    const server = await buildApp({ settings, platform: fresh, logger: createLogger('silent'), health, lifecycle });
    let asked = 0;
    const ask = async (forwardedFor: string, remoteAddress = '10.0.0.1') => {
      // A mail address of its own, because each has a budget too.
      const payload = { email: `nobody-${(asked += 1)}@example.com` };
      const headers = { 'x-forwarded-for': forwardedFor };
      const url = '/api/v1/auth/forgot-password';
      return (await server.inject({ method: 'POST', url, payload, headers, remoteAddress })).statusCode;
    };
    const dispose = async () => {
      await server.close();
      await fresh.dispose();
    };
    return { ask, dispose };
  };
  const sixth = async (trusted: string, spellings: readonly string[]) => {
    const { ask, dispose } = await asker(trusted);
    const statuses: number[] = [];
    for (const spelling of spellings) statuses.push(await ask(spelling));
    await dispose();
    return statuses;
  };
  const five = [202, 202, 202, 202, 202];

  const sameClient = {
    'an IPv4 address with ports': ['1', '2', '3', '4', '5', '6'].map((port) => `192.0.2.7:${port}`),
    'an IPv4 address in IPv6': [
      '192.0.2.7',
      '::ffff:192.0.2.7',
      '::ffff:c000:207',
      '[::ffff:192.0.2.7]:1',
      ' 192.0.2.7:9',
      '::FFFF:192.0.2.7',
    ],
    'an IPv6 network': [
      '2001:db8::1',
      '2001:DB8::2',
      '[2001:db8::3]:1',
      '2001:db8:0:0:9::',
      '[2001:db8::4]',
      '2001:db8::5',
    ],
    'what is no address': ['unknown', '_a', '_b', 'x'.repeat(50), '"', '<script>'],
    'what a client made up': [
      'a, 192.0.2.7',
      '1.1.1.1, 192.0.2.7',
      '2.2.2.2,192.0.2.7:1',
      '3.3.3.3, 192.0.2.7',
      '192.0.2.7',
      '4.4.4.4,192.0.2.7',
    ],
  };

  it.each(
    Object.entries(sameClient).flatMap(([what, spellings]) =>
      ['1', '10.0.0.0/8', '10.0.0.1, 2001:db8:ffff::/48'].map((trusted) => [trusted, what, spellings] as const),
    ),
  )('%s counts %s as one client', async (trusted, _what, spellings) => {
    expect(await sixth(trusted, spellings)).toEqual([...five, 429]);
  });

  it('finds the client behind several proxies, whatever they write', async () => {
    const others = [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}, 10.9.9.9:80, [::ffff:10.1.1.1]:443`);
    expect(await sixth('10.0.0.0/8', others)).toEqual([...five, 202]);
    expect(await sixth('3', others)).toEqual([...five, 202]);
    expect(await sixth('2', others)).toEqual([...five, 429]);
  });

  it('set to false counts everybody behind a proxy as one', async () => {
    expect(
      await sixth(
        'false',
        [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}`),
      ),
    ).toEqual([...five, 429]);
  });
});

describe('COMPRESSION', () => {
  it.each([
    ['on', 'br', 'Origin, accept-encoding'],
    ['off', undefined, 'Origin'],
  ])('set to %s sends a long list in the coding %s', async (COMPRESSION, coding, vary) => {
    const server = await build(`${allowed},https://other.example.com`, { COMPRESSION });
    const post = (path: string, payload: object) =>
      server.inject({ method: 'POST', url: `/api/v1/auth/${path}`, payload });
    const person = { email: `${COMPRESSION}@example.com`, password: 'correct horse battery staple' };
    const { verificationToken } = (await post('register', { ...person, organizationName: 'Engines' })).json();
    await post('verify-email', { token: verificationToken });
    const signedIn = await server.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      headers: { 'accept-encoding': 'br' },
      payload: { login: person.email, password: person.password },
    });
    const headers = { authorization: `Bearer ${signedIn.json().accessToken}`, 'accept-encoding': 'br' };
    const { statusCode, headers: got } = await server.inject({ url: '/api/v1/roles', headers });
    expect([statusCode, got['content-encoding'], got['vary']]).toEqual([200, coding, vary]);
    await server.close();
  });
});

describe('CORS', () => {
  const preflight = (origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/api/v1/tasks/1',
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'if-match' },
    });

  it('lets pages of the listed origins call, and read what they need', async () => {
    const response = await preflight(allowed);
    expect(response.statusCode).toBe(204);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': allowed,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'if-match',
    });
    expect(response.headers['access-control-allow-methods']).toContain('PATCH');
    const answer = await app.inject({ url: '/api/v1/tasks', headers: { origin: allowed } });
    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    expect(answer.headers['access-control-expose-headers']).toContain('ETag');
  });

  it.each([
    ['GET', '/api/v1/nowhere', 404],
    ['GET', '/trpc/nowhere', 404],
    ['PUT', '/api/v1/tasks', 405],
    ['OPTIONS', '/api/v1/tasks', 204],
  ] as const)('lets them read the answer to %s %s', async (method, url, status) => {
    const { statusCode, headers } = await app.inject({ method, url, headers: { origin: allowed } });
    expect([statusCode, headers['access-control-allow-origin'], headers['access-control-allow-methods']]).toEqual([
      status,
      allowed,
      undefined,
    ]);
  });

  it('answers a preflight at a server for no other origins with what is allowed at all', async () => {
    const own = await build('');
    const headers = { origin: allowed, 'access-control-request-method': 'PATCH' };
    const response = await own.inject({ method: 'OPTIONS', url: '/api/v1/tasks/1', headers });
    expect([response.statusCode, response.headers['access-control-allow-origin']]).toEqual([204, undefined]);
    expect(response.headers.allow).toContain('PATCH');
    await own.close();
  });

  it.each(['https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com', 'null'])(
    'does not let %s',
    async (origin) => {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
      const answer = await app.inject({ url: '/', headers: { origin } });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );
});

describe('every method', () => {
  // CONNECT never becomes a request.
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  const ask = async (method: string, url: string) => {
    // `inject` passes any method on, but its type lists only the usual ones.
    const sent = { payload: '{', headers: { 'content-type': 'application/json' } };
    const { statusCode, headers } = await app.inject({ method: method as 'POST', url, ...(method !== 'GET' && sent) });
    return { method, status: statusCode, allow: headers.allow, type: headers['content-type'] };
  };
  const pages = ['/', '/health', '/health/live', '/health/ready', '/health/db', '/openapi.json', '/docs', '/redoc'];
  const problemPages = ['/problems', '/problems/task_not_found'];

  const scripts = ['/docs/start.js', '/docs/scalar.js', '/redoc/start.js', '/redoc/redoc.js'];

  it.each([...pages, ...problemPages, ...scripts, '/docs/openapi.json', '/guides', '/guides/sign-in'])(
    'of %s is answered as Allow says',
    async (url) => {
      for (const method of methods)
        expect(await ask(method, url)).toMatchObject(
          method === 'GET' || method === 'HEAD'
            ? { method, status: 200, allow: undefined }
            : method === 'OPTIONS'
              ? { method, status: 204, allow: 'GET, HEAD' }
              : { method, status: 405, allow: 'GET, HEAD', type: 'application/problem+json' },
        );
    },
  );

  it.each(['/nowhere', '/constructor', '/__proto__', '/health/', '/trpcs', '/api/v1/nowhere', '*'])(
    'of %s is 404',
    async (url) => {
      for (const method of methods)
        expect(await ask(method, url)).toEqual({
          method,
          status: 404,
          allow: undefined,
          type: 'application/problem+json',
        });
    },
  );

  it('of the API is answered in the same way, with the headers of every answer', async () => {
    const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url: '/api/items' });
    expect([statusCode, headers.allow]).toEqual([204, 'GET, HEAD, POST']);
    expect(headers).toMatchObject({ 'x-request-id': expect.stringMatching(uuid), 'x-content-type-options': 'nosniff' });
    expect(line()).toMatchObject({ method: 'OPTIONS', path: '/api/items', status: 204 });
    expect(await ask('PROPFIND', '/trpc/tasks.list')).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });
});

describe('limits', () => {
  it('refuses a body of more than 1 MiB', async () => {
    const payload = JSON.stringify({ login: 'x'.repeat(1024 * 1024), password: 'x' });
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      headers: { 'content-type': 'application/json' },
      payload,
    });
    expect(response.statusCode).toBe(413);
    expect(response.json()).toMatchObject({ code: 'payload_too_large' });
  });

  it('is protected against slow and large requests', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { server } = app;
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
    expect(server.timeout).toBe(0);
  });

  it.each([
    ['no Host', ['GET /health HTTP/1.1'], 400, 'validation_failed'],
    ['two Hosts', ['GET /docs HTTP/1.1', 'Host: a', 'Host: b'], 400, 'validation_failed'],
    ['an unknown Expect', ['GET / HTTP/1.1', 'Host: a', 'Expect: nonsense'], 417, 'expectation_failed'],
  ])('answers a problem to %s, and logs the request', async (_what, lines, status, code) => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      socket
        .on('data', (part: string) => (text += part))
        .on('close', () => resolve(text))
        .on('error', reject);
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    });
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/^content-type: application\/problem\+json/im);
    expect(answer).toContain(`"code":"${code}"`);
    expect(line()).toMatchObject({ method: 'GET', status });
  });

  it('answers 431 to headers of more than 16 KiB', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const address = app.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('It does not listen.');
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(address.port, '127.0.0.1').setEncoding('utf8');
      socket
        .on('data', (part: string) => (text += part))
        .on('close', () => resolve(text))
        .on('error', reject);
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(17_000)}\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"header_fields_too_large"');
  });
});

describe('GET /', () => {
  it('answers name, version and links', async () => {
    const {
      name,
      version: shown,
      links,
    } = (await app.inject('/')).json<Record<'name' | 'version', string> & { links: Record<string, string> }>();
    expect([name, shown]).toEqual(['Tenon', version]);
    const pages = Object.values(links).filter((path) => !['/api/v1', '/trpc'].includes(path));
    const statuses = await Promise.all(pages.map(async (path) => (await app.inject(path)).statusCode));
    expect(statuses).toEqual(pages.map(() => 200));
  });
});

describe('health', () => {
  it('reports every check', async () => {
    checks.disk = async () => ({ status: 'degraded', message: 'nearly full', details: { freeMiB: 500 } });
    const response = await app.inject('/health');
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toMatchObject({
      status: 'degraded',
      phase: 'ready',
      version,
      checks: {
        database: { status: 'ok', latencyMs: expect.any(Number), checkedAt: expect.any(String) },
        disk: { status: 'degraded', message: 'nearly full', details: { freeMiB: 500 } },
      },
    });
  });

  it('is 503 when a check fails, except for liveness', async () => {
    checks.database = async () => {
      throw new Error('connect ECONNREFUSED 10.0.0.1:5432');
    };
    const statusOf = async (url: string) => (await app.inject(url)).statusCode;
    expect(await statusOf('/health')).toBe(503);
    expect(await statusOf('/health/db')).toBe(503);
    expect(await statusOf('/health/live')).toBe(200);
    const ready = await app.inject('/health/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({ status: 'failing', checks: { database: 'It failed.' } });
    expect((await app.inject('/health')).body).not.toContain('10.0.0.1');
  });

  it.each(['starting', 'draining'] as const)('is not ready while %s', async (phase) => {
    lifecycle.phase = phase;
    const response = await app.inject('/health/ready');
    expect([response.statusCode, response.json()]).toEqual([503, { status: phase }]);
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });
});

describe('the documentation', () => {
  /** The addresses that a page loads, from the attributes of its elements. */
  const assetsOf = (page: string): string[] =>
    [...page.matchAll(/<(?:script|link|img|iframe|source)[^>]*?(?:src|href)="([^"]*)"/g)].flatMap(
      (match) => match[1] ?? [],
    );

  it.each(['/docs', '/redoc'])('%s loads nothing from elsewhere', async (url) => {
    const page = await app.inject(url);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const assets = assetsOf(page.body);
    expect(assets.length).toBeGreaterThan(1);
    expect(page.body).not.toMatch(/https?:\/\//);
    for (const asset of assets.filter((path) => !path.startsWith('data:'))) {
      expect(asset).toMatch(/^\/[a-z]/);
      const script = await app.inject(asset);
      expect([script.statusCode, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
      expect(script.body.length).toBeGreaterThan(50);
    }
  });

  it.each(['/docs', '/redoc'])('%s is forbidden by its policy to load anything from elsewhere', async (url) => {
    const policy = String((await app.inject(url)).headers['content-security-policy']);
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(policy).toMatch(/script-src 'self'(;|$)/);
  });

  it("asks for no fonts, telemetry or pictures of the viewers' makers", async () => {
    const scalar = (await app.inject('/docs/start.js')).body;
    expect(scalar).toContain('"withDefaultFonts":false');
    expect(scalar).toContain('"telemetry":false');
    expect((await app.inject('/redoc/redoc.js')).body).not.toContain('cdn.redoc.ly');
  });

  it('sends its scripts compressed, and answers 304 to clients that have them', async () => {
    const first = await app.inject({ url: '/docs/scalar.js', headers: { 'accept-encoding': 'gzip, br' } });
    expect(first.headers['content-encoding']).toBe('br');
    expect(first.rawPayload.length).toBeLessThan(2_000_000);
    const etag = String(first.headers['etag']);
    const plain = etag.replace('-br"', '"');
    const known = async (tags: string) => {
      const again = await app.inject({ url: '/docs/scalar.js', headers: { 'if-none-match': tags } });
      return [again.statusCode, again.headers['etag'], again.body === ''];
    };
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) expect(await known(tags)).toEqual([304, etag, true]);
    for (const tags of [plain, '*']) expect(await known(tags)).toEqual([304, plain, true]);
    expect(await known('"other"')).toEqual([200, plain, false]);
  });

  describe('about problems', () => {
    const get = (url: string, accept: string) => app.inject({ url, headers: { accept } });

    it('leads from a problem to the page about its code', async () => {
      const problem = (await app.inject('/api/v1/tasks')).json();
      const { statusCode, headers, body } = await get(problem.docs, 'text/html');
      expect([problem.docs, statusCode]).toEqual(['/problems/unauthenticated', 200]);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      for (const text of ['<code>unauthenticated</code>', '401 Unauthorized', 'GET /api/v1/tasks</code> (tasks.list)'])
        expect(body).toContain(text);
      expect(body).not.toMatch(/<script|https?:/);
    });

    it('has a list of all codes, and every page in it', async () => {
      const { body } = await get('/problems', 'text/html');
      const links = Array.from(body.matchAll(/href="(\/problems\/\w+)"/g), ([, path = '']) => path);
      expect(links.length).toBeGreaterThan(100);
      for (const path of links) {
        const { statusCode, body: page } = await get(path, 'text/html');
        expect([path, statusCode, page.includes('<h2>Cause</h2>')]).toEqual([path, 200, true]);
        // What looks like a tag is one of the template.
        expect(
          page.replaceAll(
            /<\/?(!doctype|html|head|body|meta|title|link|style|nav|main|a|h1|h2|p|ul|li|code|strong)\b[^<>]*>/g,
            '',
          ),
        ).not.toMatch(/[<>]/);
      }
    });

    it('answers programs in JSON', async () => {
      const { headers, ...answer } = await get('/problems/task_not_found', 'application/json');
      expect(headers.vary).toContain('accept');
      expect(answer.json()).toMatchObject({ code: 'task_not_found', title: 'Task not found', status: 404 });
      expect((await get('/problems', 'application/json')).json().data.length).toBeGreaterThan(100);
    });

    it.each(['/problems/nothing', '/problems/constructor', '/problems/'])('has no page %s', async (url) => {
      expect((await get(url, 'text/html')).json()).toMatchObject({ status: 404, code: 'route_not_found' });
    });
  });

  it('shows the OpenAPI document', async () => {
    const document = (await app.inject('/openapi.json')).json();
    expect(document.openapi).toMatch(/^3\.1/);
    expect(document.paths['/api/v1/tasks'] ?? document.paths['/tasks']).toBeDefined();
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('sends the OpenAPI document in the coding %s, and only when it has changed', async (coding, decode) => {
    const { headers, rawPayload } = await app.inject({ url: '/openapi.json', headers: { 'accept-encoding': coding } });
    expect(headers).toMatchObject({ 'content-encoding': coding, 'cache-control': 'no-cache' });
    expect(headers.vary).toBe('Origin, accept-encoding');
    expect(JSON.parse(decode(rawPayload).toString())).toHaveProperty('openapi');
    const again = await app.inject({ url: '/openapi.json', headers: { 'if-none-match': headers.etag ?? '' } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });
});
