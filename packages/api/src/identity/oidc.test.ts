import { randomUUID } from 'node:crypto';
import {
  createOrganization,
  createTestPlatform,
  ownIssuer,
  startTestIssuer,
  type TestIssuer,
  type TestPlatform,
} from '@tenon/core/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';

/*
 * Tests how sign-in at an issuer works over HTTP: redirects, cookies, forms. The tests in core cover what it does.
 */
describe('signing in at an issuer over HTTP', () => {
  let issuer: TestIssuer;
  let platform: TestPlatform;
  let app: FastifyInstance;

  beforeAll(async () => {
    issuer = await startTestIssuer();
    const settings = { oidcIssuers: [issuer.settings], organizationIssuersInPrivateNetworks: true };
    platform = await createTestPlatform('sqlite', { settings });
    app = Fastify(serverOptions);
    await app.register(tenonApi, { platform, checkOutputs: true });
  });
  afterAll(async () => {
    await app.close();
    await platform.dispose();
    await issuer.stop();
  });

  const post = (path: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/api/v1${path}`, payload, headers });

  const begin = async (more: object = {}) => {
    const started = await post('/auth/oidc/start', { issuer: 'local', ...more });
    expect(started.statusCode).toBe(200);
    const claims = { email: `${randomUUID()}@example.com`, email_verified: true };
    const back = await issuer.authorize(started.json().authorizationUrl, randomUUID(), claims);
    return { started, back, claims };
  };
  const cookieOf = (headers: Record<string, unknown>, name: string): string =>
    [headers['set-cookie']]
      .flat()
      .map(String)
      .find((cookie) => cookie.startsWith(name)) ?? '';
  const goBack = (url: URL, cookie?: string) =>
    app.inject({ method: 'GET', url: url.pathname + url.search, ...(cookie ? { headers: { cookie } } : {}) });

  it('signs in the browser that began', async () => {
    const { started, back, claims } = await begin({ redirectTo: '/welcome' });
    const binding = cookieOf(started.headers, 'tenon_oidc_');
    expect(started.json()).not.toHaveProperty('binding');
    expect(binding).toMatch(/Max-Age=600; Path=\/api\/v1\/auth\/oidc; HttpOnly; SameSite=Lax/);
    expect(back.pathname).toBe('/api/v1/auth/oidc/callback');

    const [cookie = ''] = binding.split(';');
    // Parameters that the issuer adds are ignored.
    back.searchParams.set('session_state', 'x');
    const landed = await goBack(back, cookie);
    expect({ status: landed.statusCode, to: landed.headers.location }).toEqual({
      status: 303,
      to: 'http://localhost:8000/welcome',
    });
    expect(landed.headers['cache-control']).toBe('no-store');
    expect(cookieOf(landed.headers, 'tenon_oidc_')).toContain('Max-Age=0');
    const [refreshCookie = ''] = cookieOf(landed.headers, 'tenon_refresh').split(';');
    const refreshed = await post('/auth/refresh', {}, { cookie: refreshCookie });
    expect(refreshed.json()).toMatchObject({ user: { email: claims.email } });
    expect((await goBack(back, cookie)).json()).toMatchObject({ status: 400, code: 'oidc_state_invalid' });
  });

  it('does not sign in a browser that did not begin', async () => {
    const { back } = await begin();
    const landed = await goBack(back);
    expect(landed.json()).toMatchObject({ status: 400, code: 'oidc_state_invalid' });
    expect(landed.headers).not.toHaveProperty('set-cookie');
    for (const url of ['/api/v1/auth/oidc/callback', '/api/v1/auth/oidc/callback?code=x'])
      expect((await app.inject(url)).json()).toMatchObject({ status: 400, errors: [{ path: '/query/state' }] });
  });

  it('lets several tabs sign in at the same time', async () => {
    const [one, two] = [await begin(), await begin()];
    const cookie = [one, two].map(({ started }) => cookieOf(started.headers, 'tenon_oidc_').split(';')[0]).join('; ');
    for (const { back } of [one, two]) {
      const landed = await goBack(back, cookie);
      expect(landed.headers.location).toBe('http://localhost:8000/');
    }
  });

  it('does not act on HEAD, and refuses other methods', async () => {
    const { started, back } = await begin();
    const [cookie = ''] = cookieOf(started.headers, 'tenon_oidc_').split(';');
    const url = back.pathname + back.search;
    const head = await app.inject({ method: 'HEAD', url, headers: { cookie } });
    expect([head.statusCode, head.headers.allow]).toEqual([405, 'GET']);
    expect((await app.inject({ method: 'POST', url, headers: { cookie } })).statusCode).toBe(405);
    expect((await goBack(back, cookie)).statusCode).toBe(303);
  });

  it('refuses to redirect to other sites', async () => {
    for (const redirectTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'http://127.0.0.1:1/']) {
      const answer = await post('/auth/oidc/start', { issuer: 'local', redirectTo });
      expect(answer.json()).toMatchObject({ status: 400, errors: [{ path: '/body/redirectTo' }] });
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
  });

  it('signs in at an issuer of an organization, which has its own URLs', async () => {
    const acme = await createOrganization(platform);
    const { id } = await ownIssuer(acme, issuer);
    const listed = await app.inject(`/api/v1/auth/oidc?organization=${acme.id}`);
    expect(listed.json().data.map((one: { id: string }) => one.id)).toEqual(['local', id]);
    const { started, back } = await begin({ issuer: id, redirectTo: '/welcome' });
    expect(back.pathname).toBe(`/api/v1/auth/oidc/callback/${id}`);
    const [cookie = ''] = cookieOf(started.headers, 'tenon_oidc_').split(';');
    const elsewhere = new URL(back.href.replace(`/${id}`, ''));
    expect((await goBack(elsewhere, cookie)).json()).toMatchObject({ status: 400, code: 'oidc_state_invalid' });
    const landed = await goBack(back, cookie);
    expect(landed.headers.location).toBe('http://localhost:8000/welcome');
    const [refreshCookie = ''] = cookieOf(landed.headers, 'tenon_refresh').split(';');
    const { accessToken } = (await post('/auth/refresh', {}, { cookie: refreshCookie })).json();
    const headers = { authorization: `Bearer ${accessToken}` };
    expect((await app.inject({ url: '/api/v1/organizations/me', headers })).json()).toMatchObject({ id: acme.id });
    expect((await post('/organizations', { name: 'Mine' }, headers)).json()).toMatchObject({
      status: 403,
      code: 'session_limited',
    });
    const logout = await app.inject({
      method: 'POST',
      url: `/api/v1/auth/oidc/backchannel-logout/${id}`,
      payload: 'logout_token=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(logout.json()).toMatchObject({ status: 400, code: 'logout_token_invalid' });
    expect((await app.inject(`/api/v1/auth/oidc/backchannel-logout/${id}`)).statusCode).toBe(405);
  });

  it('takes logout tokens from the issuer as a form', async () => {
    const { started, back } = await begin({ tokenTransport: 'body' });
    const { binding } = started.json();
    const answer = Object.fromEntries(back.searchParams);
    const { refreshToken } = (await post('/auth/oidc/finish', { ...answer, binding })).json();
    await issuer.signOut(`${issuer.settings.issuer}/session/end?client_id=${issuer.settings.clientId}`);
    const [logoutToken = ''] = issuer.logoutTokens.slice(-1);
    const send = (payload: string, type = 'application/x-www-form-urlencoded') =>
      app.inject({
        method: 'POST',
        url: '/api/v1/auth/oidc/backchannel-logout',
        payload,
        headers: { 'content-type': type },
      });
    const form = new URLSearchParams({ logout_token: logoutToken }).toString();
    expect((await send(JSON.stringify({ logout_token: logoutToken }), 'application/json')).statusCode).toBe(415);
    expect((await send('a=b')).json()).toMatchObject({ status: 400, errors: [{ path: '/body/logout_token' }] });
    expect((await send(form)).statusCode).toBe(200);
    expect((await send(form)).json()).toMatchObject({ status: 400, code: 'logout_token_invalid' });
    expect((await post('/auth/refresh', { refreshToken })).statusCode).toBe(401);
  });
});
