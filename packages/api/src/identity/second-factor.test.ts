import { createTestPlatform, enrolTotp, type TestPlatform } from '@tenon/core/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';

const password = 'correct horse battery';

/* Tests how a second factor works over HTTP. The tests in core cover what it does. */
describe('signing in with a second factor over REST', () => {
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

  const post = async (path: string, body: object) => {
    const response = await app.inject({ method: 'POST', url: `/api/v1${path}`, payload: body });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };

  it('is a problem with a challenge, whose answer sets the cookie as a login does', async () => {
    const email = 'two-factors@example.com';
    const { body: registered } = await post('/auth/register', { email, password });
    await post('/auth/verify-email', { token: registered.verificationToken });
    const authenticator = await enrolTotp(platform, registered.user.id);

    expect((await post('/auth/login', { email, password: 'wrong words' })).body).not.toHaveProperty('challenge');
    const asked = await post('/auth/login', { email, password });
    expect(asked).toMatchObject({
      status: 403,
      body: {
        code: 'second_factor_required',
        challenge: { token: expect.any(String), methods: ['totp', 'recovery_code'], expiresAt: expect.any(String) },
      },
    });
    expect(asked.headers).not.toHaveProperty('set-cookie');
    const challengeToken = asked.body.challenge.token as string;

    const neither = await post('/auth/second-factor', { challengeToken });
    expect(neither).toMatchObject({ status: 400, body: { errors: [{ path: '/body/code' }] } });
    expect(
      await post('/auth/second-factor', { challengeToken, code: authenticator.code(), recoveryCode: 'x' }),
    ).toMatchObject({
      status: 400,
    });
    expect(await post('/auth/second-factor', { challengeToken: 'x', code: authenticator.code() })).toMatchObject({
      status: 401,
      body: { code: 'invalid_challenge' },
    });
    const grouped = authenticator.code().replace(/^.../, '$& ');
    const signedIn = await post('/auth/second-factor', { challengeToken, code: grouped });
    expect(signedIn).toMatchObject({ status: 200, body: { tokenType: 'Bearer', user: { email } } });
    expect(signedIn.body).not.toHaveProperty('refreshToken');
    expect(String(signedIn.headers['set-cookie'])).toMatch(/HttpOnly/);
  });
});
