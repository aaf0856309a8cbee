import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixturePlatform, fixtureServer } from '../testing/fixture.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = fixtureServer({ trustedOrigins: ['https://app.example.com'] });
  await app.ready();
});
afterAll(() => app.close());

async function refresh(headers: Record<string, string> = {}, payload: object = {}) {
  const response = await app.inject({ method: 'POST', url: '/api/v1/auth/refresh', headers, payload });
  return { status: response.statusCode, cookie: response.headers['set-cookie'], body: response.json() };
}

test('the refresh cookie is read and renewed', async () => {
  const { status, cookie, body } = await refresh({ cookie: 'other=1; tenon_refresh=old', host: 'api.example.com' });
  expect([status, body.used]).toEqual([200, 'old']);
  expect(cookie).toBe('tenon_refresh=old%2B1; Max-Age=259200; Path=/api; HttpOnly; SameSite=Strict; Secure');
});

test('without a token it is cleared', async () => {
  const { cookie, body } = await refresh({ host: 'api.example.com' });
  expect(body.used).toBeNull();
  expect(cookie).toBe('tenon_refresh=; Max-Age=0; Path=/api; HttpOnly; SameSite=Strict; Secure');
});

test('a cookie that is no UTF-8 is none', async () => {
  expect((await refresh({ cookie: 'tenon_refresh=%zz' })).body.used).toBeNull();
});

test.each(['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'localhost'])(
  'over http on %s it is not Secure',
  async (host) => {
    expect((await refresh({ host })).cookie).not.toContain('Secure');
  },
);

test.each(['localhost.example.com', '192.168.0.7:8000'])('on %s it is', async (host) => {
  expect((await refresh({ host })).cookie).toContain('Secure');
});

describe('the public URL', () => {
  /** What a server at this public URL answers to a request that its proxy passed on under its own name. */
  async function behindProxy(publicUrl: string, headers: Record<string, string> = {}) {
    const settings = { ...fixturePlatform.settings, publicUrl };
    const server = fixtureServer({ platform: { ...fixturePlatform, settings } });
    const { statusCode, headers: got } = await server.inject({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      headers: { host: '127.0.0.1:8000', cookie: 'tenon_refresh=old', ...headers },
      payload: {},
    });
    await server.close();
    return { status: statusCode, cookie: String(got['set-cookie']) };
  }

  test.each(['https://tenon.example.com', 'http://tenon.example.com', 'https://localhost'])(
    'of %s makes every cookie Secure, whatever Host is',
    async (publicUrl) => {
      expect((await behindProxy(publicUrl)).cookie).toContain('; Secure');
    },
  );

  test.each(['http://localhost:8000', 'http://127.0.0.1:8000', 'http://[::1]:8000'])(
    'of %s leaves it to the request',
    async (publicUrl) => {
      expect((await behindProxy(publicUrl)).cookie).not.toContain('Secure');
      expect((await behindProxy(publicUrl, { host: 'tenon.example.com' })).cookie).toContain('; Secure');
    },
  );

  test('is an origin whose pages may use the cookie, whatever Host is', async () => {
    const from = (origin: string) => behindProxy('https://tenon.example.com/base', { origin });
    expect((await from('https://tenon.example.com')).status).toBe(200);
    expect((await from('https://tenon.example.com:444')).status).toBe(403);
    expect((await from('http://tenon.example.com')).status).toBe(403);
  });
});

const cookie = 'tenon_refresh=old';
const host = 'api.example.com';

test.each([
  'https://evil.example',
  'https://api.example.com',
  'http://api.example.com:81',
  'null',
  'https://app.example.com.evil',
])('a page of %s may not use it', async (origin) => {
  const { status, body, cookie: set } = await refresh({ cookie, host, origin });
  expect([status, body.code, set]).toEqual([403, 'cross_site_request', undefined]);
});

test.each(['http://api.example.com', 'https://app.example.com'])('a page of %s may', async (origin) => {
  expect((await refresh({ cookie, host, origin })).status).toBe(200);
});

test.each(['cross-site', 'same-site', 'anything else'])(
  'without an origin, a page of a %s site may not',
  async (site) => {
    const { status, body } = await refresh({ cookie, host, 'sec-fetch-site': site });
    expect([status, body.code]).toEqual([403, 'cross_site_request']);
  },
);

test.each(['same-origin', 'none'])('without an origin, one that is %s may', async (site) => {
  expect((await refresh({ cookie, host, 'sec-fetch-site': site })).status).toBe(200);
});

test('a token in the body needs no cookie, and so no origin', async () => {
  const { status, body } = await refresh({ cookie, host, origin: 'https://evil.example' }, { refreshToken: 'mine' });
  expect([status, body.used]).toEqual([200, 'mine']);
});

test('the service gets the user agent and the address', async () => {
  const { body } = await refresh({ 'user-agent': 'curl/8' });
  expect(body).toMatchObject({ userAgent: 'curl/8', address: '127.0.0.1' });
});
