import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { refresh } from '../../identity/index.ts';
import { createTestPlatform, dialects, type TestPlatform } from '../../testing/index.ts';
import { comeBack, fakeOidcTransport } from '../../testing/oidc-client.ts';
import { startTestIssuer, type TestClaims, type TestIssuer } from '../../testing/oidc-issuer.ts';
import { anonymous, codeOf, signUp } from '../../testing/people.ts';
import { endOidcSessions, finishOidc, logoutOidc, startOidc } from './sign-in.service.ts';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

describe.each(dialects)('on %s, a session ends', (dialect) => {
  let issuer: TestIssuer;
  let other: TestIssuer;
  let platform: TestPlatform;

  beforeAll(async () => {
    issuer = await startTestIssuer('local');
    other = await startTestIssuer('other');
    platform = await createTestPlatform(dialect, { settings: { oidcIssuers: [issuer.settings, other.settings] } });
  });
  afterAll(async () => {
    await platform.dispose();
    await Promise.all([issuer.stop(), other.stop()]);
  });

  const person = (email: string): TestClaims => ({ email, email_verified: true });

  const signInAs = async (subject: string, claims: TestClaims) => {
    const { answer, binding } = await comeBack(platform, issuer, subject, claims);
    return finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport());
  };

  const lives = (refreshToken: string | undefined) =>
    codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()));

  it('here and at the issuer, which tells every other client of them', async () => {
    const { refreshToken = '' } = await signInAs('leaving', person('leaving@example.com'));
    const input = { refreshToken, redirectTo: '/' };
    const { logoutUrl } = await logoutOidc(anonymous(platform), input, fakeOidcTransport());
    expect(await lives(refreshToken)).toBe('unauthenticated');
    const { href } = await issuer.signOut(logoutUrl ?? '');
    expect(href).toBe('http://localhost:8000/');
  });

  it('which began with a password, here alone', async () => {
    const { refreshToken } = await signUp(platform);
    const input = { refreshToken, redirectTo: '/' };
    expect(await logoutOidc(anonymous(platform), input, fakeOidcTransport())).toEqual({ logoutUrl: null });
    expect(await lives(refreshToken)).toBe('unauthenticated');
  });

  it('when the issuer says so over the back channel, that one alone, and once', async () => {
    const first = await signInAs('channel', person('channel@example.com'));
    const second = await signInAs('channel', person('channel@example.com'));
    const [before] = [issuer.logoutTokens.length];
    const probe = await comeBack(platform, issuer, 'channel', person('channel@example.com'));
    const third = await finishOidc(
      anonymous(platform),
      { ...probe.answer, binding: probe.binding },
      fakeOidcTransport(),
    );
    await issuer.signOut(`${issuer.settings.issuer}/session/end?client_id=${issuer.settings.clientId}`);
    await vi.waitFor(() => expect(issuer.logoutTokens.length).toBe(before + 1));
    const token = issuer.logoutTokens.at(-1) ?? '';

    await endOidcSessions(anonymous(platform), token);
    expect([
      await lives(first.refreshToken),
      await lives(second.refreshToken),
      await lives(third.refreshToken),
    ]).toEqual(['passed', 'passed', 'unauthenticated']);
    expect(await codeOf(endOidcSessions(anonymous(platform), token))).toBe('logout_token_invalid');
  });

  it('all of a subject, when no session is named', async () => {
    const [one, two] = [
      await signInAs('everywhere', person('everywhere@example.com')),
      await signInAs('everywhere', person('everywhere@example.com')),
    ];
    const bystander = await signInAs('bystander', person('bystander@example.com'));
    await endOidcSessions(anonymous(platform), await issuer.sign(logoutClaims({ sub: 'everywhere' })));
    expect([await lives(one.refreshToken), await lives(two.refreshToken)]).toEqual([
      'unauthenticated',
      'unauthenticated',
    ]);
    expect(await lives(bystander.refreshToken)).toBe('passed');
  });

  const logoutClaims = (over: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const { issuer: iss, clientId: aud } = issuer.settings;
    const claims = { iss, aud, iat: now, exp: now + 120, jti: `${Math.random()}`, events: { [logoutEvent]: {} } };
    return { ...claims, sub: 'kept', ...over };
  };

  it('for no token that proves nothing', async () => {
    const { refreshToken } = await signInAs('kept', person('kept@example.com'));
    const now = Math.floor(Date.now() / 1000);
    const wrong: Record<string, object> = {
      'another issuer': { iss: other.settings.issuer },
      'another audience': { aud: 'somebody' },
      'no event': { events: {} },
      'another event': { events: { 'http://schemas.openid.net/event/other': {} } },
      'a nonce, as an ID token has': { nonce: 'x' },
      'neither session nor subject': { sub: undefined },
      'no id': { jti: undefined },
      'no time': { iat: undefined },
      'no end': { exp: undefined },
      'the past': { iat: now - 3600, exp: now - 3000 },
      'the past, with a far end': { iat: now - 3600, exp: now + 3600 },
      'the future': { iat: now + 3600, exp: now + 7200 },
    };
    const passed: string[] = [];
    for (const [what, claims] of Object.entries(wrong)) {
      const token = await issuer.sign(logoutClaims(claims));
      if ((await codeOf(endOidcSessions(anonymous(platform), token))) !== 'logout_token_invalid') passed.push(what);
    }
    expect(passed).toEqual([]);
    const wrongTokens = [
      'x',
      await issuer.sign(logoutClaims(), { typ: 'at+jwt' }),
      await other.sign(logoutClaims()),
      (await issuer.sign(logoutClaims())).replace(/\.[^.]*$/, '.'),
    ];
    for (const token of wrongTokens)
      expect(await codeOf(endOidcSessions(anonymous(platform), token))).toBe('logout_token_invalid');
    expect(await lives(refreshToken)).toBe('passed');
  });

  it('for no token of an issuer that the operator has put in the place of another', async () => {
    const { refreshToken } = await signInAs('replaced', person('replaced@example.com'));
    const settings = { ...platform.settings, oidcIssuers: [{ ...other.settings, key: issuer.settings.key }] };
    const { issuer: iss, clientId: aud } = other.settings;
    const token = await other.sign(logoutClaims({ iss, aud, sub: 'replaced' }));
    await endOidcSessions({ ...anonymous(platform), settings }, token);
    expect(await lives(refreshToken)).toBe('passed');
  });

  it('for no token whose issuer publishes no keys at the moment, and the answer says so', async () => {
    const gone = await startTestIssuer('gone');
    const settings = { ...platform.settings, oidcIssuers: [gone.settings] };
    const ctx = { ...anonymous(platform), settings };
    const { key, issuer: iss, clientId: aud } = gone.settings;
    // The issuer is known already, but not its keys.
    await startOidc(ctx, { issuer: key, redirectTo: '/', tokenTransport: 'body' }, fakeOidcTransport());
    const token = await gone.sign(logoutClaims({ iss, aud }));
    await gone.stop();
    expect(await codeOf(endOidcSessions(ctx, token))).toBe('oidc_issuer_unavailable');
  });
});
