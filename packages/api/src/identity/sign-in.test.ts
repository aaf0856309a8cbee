import { createTestPlatform, type TestPlatform } from '@tenon/core/testing';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';

const password = 'correct horse battery';

/*
 * Tests how sign-in works over HTTP: cookies, transports and the order of refusals. The tests in core cover what it does.
 */
describe('signing in over REST', () => {
  let platform: TestPlatform;
  let app: FastifyInstance;

  beforeAll(async () => {
    platform = await createTestPlatform('sqlite');
    app = Fastify(serverOptions);
    await app.register(tenonApi, { platform, checkOutputs: true });
  });
  afterAll(async () => {
    await app.close();
    await platform.dispose();
  });

  const send = async (
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    options: InjectOptions = {},
  ) => {
    const response = await app.inject({ method, url: `/api/v1${path}`, ...options });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.body === '' ? null : response.json(),
    };
  };
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    send('POST', path, { payload: body, headers });
  const bearer = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });

  let sequence = 0;
  const signUp = async (organizationName?: string) => {
    const email = `rest-${++sequence}@example.com`;
    const registered = await post('/auth/register', {
      email,
      password,
      ...(organizationName ? { organizationName } : {}),
    });
    await post('/auth/verify-email', { token: registered.body.verificationToken });
    const { body } = await post('/auth/login', { email, password, tokenTransport: 'body' });
    return { email, registered, accessToken: body.accessToken as string, refreshToken: body.refreshToken as string };
  };

  it('begins with registering and verifying', async () => {
    const { registered } = await signUp('Registered Ltd');

    expect(registered.status).toBe(201);
    expect(registered.headers.location).toBe('/api/v1/users/me');
    expect(registered.body).toMatchObject({
      user: { emailVerifiedAt: null },
      organization: { slug: 'registered-ltd', version: 1 },
      verificationToken: expect.any(String),
    });
  });

  it('refuses the unverified, the wrong and the unknown', async () => {
    const email = 'unverified@example.com';
    await post('/auth/register', { email, password });
    const login = (input: object) => post('/auth/login', { password, ...input });

    expect(await login({ email })).toMatchObject({ status: 403, body: { code: 'email_not_verified' } });
    expect(await login({ email, password: 'wrong words' })).toMatchObject({
      status: 401,
      body: { code: 'invalid_credentials' },
    });
    expect(await login({ login: 'nobody' })).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(await login({ email, login: 'nobody' })).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: '/body/login' }] },
    });
    expect(await post('/auth/register', { email, password })).toMatchObject({
      status: 409,
      body: { code: 'email_taken' },
    });
    expect(await post('/auth/register', { email: 'new@example.com', password: 'password1' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/body/password' }] },
    });
    expect(await post('/auth/resend-verification', { email: 'nobody@example.com' })).toMatchObject({
      status: 202,
      body: { status: 'sent' },
    });
    expect(await post('/auth/verify-email', { token: 'x' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/body/token' }] },
    });
  });

  it('takes no mutation headers', async () => {
    for (const header of ['Idempotency-Key', 'Dry-Run'])
      expect(await post('/auth/resend-verification', { email: 'a@example.com' }, { [header]: 'true' })).toMatchObject({
        status: 400,
        body: { errors: [{ path: `/header/${header}` }] },
      });
  });

  it('keeps browsers signed in by a cookie that no script can read', async () => {
    const { email } = await signUp();
    const login = await post('/auth/login', { email, password });
    const [cookie = '', ...attributes] = String(login.headers['set-cookie']).split('; ');

    expect(login.body).not.toHaveProperty('refreshToken');
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/api', 'Max-Age=259200']));
    const refreshed = await post('/auth/refresh', {}, { cookie });
    expect(refreshed).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 1200, user: { email } } });
    const next = String(refreshed.headers['set-cookie']).split('; ')[0] ?? '';
    expect(next).not.toBe(cookie);

    const logout = await post('/auth/logout', {}, { cookie: next });
    expect(logout).toMatchObject({ status: 204, body: null });
    expect(String(logout.headers['set-cookie'])).toContain('Max-Age=0');
    expect((await post('/auth/refresh', {}, { cookie: next })).status).toBe(401);
    expect((await post('/auth/logout', {})).status).toBe(204);
  });

  it('gives other clients the token in the body, and sets no cookie', async () => {
    const { refreshToken } = await signUp();
    const refreshed = await post('/auth/refresh', { refreshToken });

    expect(refreshed.body.refreshToken).toEqual(expect.any(String));
    expect(refreshed.headers).not.toHaveProperty('set-cookie');
    expect(await post('/auth/refresh', {})).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('answers the signed-in user and organization, and lets users change themselves', async () => {
    const { accessToken } = await signUp('Whereabouts');
    const headers = bearer(accessToken);

    expect(await send('GET', '/auth/me', { headers })).toMatchObject({
      status: 200,
      body: { organization: { slug: 'whereabouts' }, roles: [{ key: 'owner' }] },
    });
    expect(await send('GET', '/organizations/me', { headers })).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
    });
    const patch = await send('PATCH', '/users/me', { headers, payload: { timezone: 'Asia/Tokyo' } });
    expect(patch).toMatchObject({ status: 200, body: { timezone: 'Asia/Tokyo' } });
    expect((await send('GET', '/users/me', { headers })).body).toEqual(patch.body);
    expect(await send('PATCH', '/users/me', { headers, payload: { email: 'x@example.com' } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/body/email', code: 'unrecognized_keys' }] },
    });
    for (const token of ['', 'x', `${accessToken}x`])
      expect((await send('GET', '/users/me', { headers: bearer(token) })).status).toBe(401);
  });

  it('leads people into an organization and out of it', async () => {
    const [owner, guest] = [await signUp('Hosts'), await signUp()];
    const [as, asGuest] = [bearer(owner.accessToken), bearer(guest.accessToken)];
    const roles = await send('GET', '/roles', { headers: as });
    const idOf = (key: string) => roles.body.data.find((role: { key: string }) => role.key === key).id as string;
    const invite = { email: guest.email, roleIds: [idOf('member')] };

    expect(await send('GET', '/organizations/me', { headers: asGuest })).toMatchObject({
      status: 403,
      body: { code: 'no_organization' },
    });
    expect(await send('POST', '/organizations/hosts/users', { headers: as, payload: invite })).toMatchObject({
      status: 202,
      body: { status: 'invited' },
    });
    const { body: invitations } = await send('GET', '/invitations', { headers: asGuest });
    const accepted = await send('POST', `/invitations/${invitations.data[0].id}/accept`, { headers: asGuest });
    expect(accepted).toMatchObject({ status: 200, body: { status: 'active', roles: [{ key: 'member' }] } });
    expect(await send('POST', `/invitations/${invitations.data[0].id}/accept`, { headers: asGuest })).toMatchObject({
      status: 409,
      body: { code: 'invitation_not_pending' },
    });

    const path = `/organizations/hosts/users/${accepted.body.user.id}`;
    expect(await send('POST', '/organizations/hosts/users', { headers: asGuest, payload: invite })).toMatchObject({
      status: 403,
      body: { code: 'permission_denied', permission: 'member:invite' },
    });
    expect(await send('PUT', `${path}/roles`, { headers: as, payload: { roleIds: [idOf('viewer')] } })).toMatchObject({
      status: 200,
      body: { roles: [{ key: 'viewer' }] },
    });
    expect(
      await send('GET', '/organizations/hosts/users?search=rest-&status=active&total=true', { headers: as }),
    ).toMatchObject({
      status: 200,
      body: { total: 2, nextCursor: null },
    });
    expect(await send('DELETE', path, { headers: as })).toMatchObject({ status: 204, body: null });
    expect((await send('DELETE', path, { headers: as })).status).toBe(404);
    expect((await send('GET', '/organizations/hosts', { headers: asGuest })).status).toBe(404);
  });

  it('changes an organization by its version', async () => {
    const { accessToken } = await signUp('Versions');
    const patch = (version: string, name: string) =>
      send('PATCH', '/organizations/versions', {
        headers: bearer(accessToken, { 'if-match': version }),
        payload: { name },
      });

    expect(await patch('"1"', 'Second')).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(await patch('"1"', 'Third')).toMatchObject({ status: 412, body: { code: 'version_conflict' } });
    const created = await post('/organizations', { name: 'Another' }, bearer(accessToken));
    expect(created.status).toBe(201);
    expect(created.headers.location).toBe(`/api/v1/organizations/${created.body.id}`);
    expect(await post('/organizations', { name: 'Me', slug: 'me' }, bearer(accessToken))).toMatchObject({
      status: 400,
    });
  });
});
