import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, anonymous, moveAddress, newEmail, password, signUp } from '../../testing/people.ts';
import { createTestPlatform, dialects, openDump, TestClock, type TestPlatform } from '../../testing/index.ts';
import { comeBack, fakeOidcTransport } from '../../testing/oidc-client.ts';
import { startTestIssuer, type TestClaims, type TestIssuer } from '../../testing/oidc-issuer.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { authenticate, refresh } from '../../identity/index.ts';
import { purgeOidc } from '../../identity/maintenance.ts';
import { register } from '../auth/auth.service.ts';
import { answerOidc, endOidcSessions, finishOidc, listOidcIssuers, startOidc } from './sign-in.service.ts';

describe.each(dialects)('on %s, signing in with OpenID Connect', (dialect) => {
  let issuer: TestIssuer;
  let other: TestIssuer;
  let platform: TestPlatform;
  const clock = new TestClock();

  beforeAll(async () => {
    issuer = await startTestIssuer('local');
    other = await startTestIssuer('other');
    platform = await createTestPlatform(dialect, {
      clock,
      settings: {
        oidcIssuers: [issuer.settings, other.settings],
        corsOrigins: ['https://app.example.com'],
      },
    });
  });
  afterAll(async () => {
    await platform.dispose();
    await Promise.all([issuer.stop(), other.stop()]);
  });

  const person = (email: string, more: TestClaims = {}): TestClaims => ({ email, email_verified: true, ...more });

  /** Signs in as a client that keeps its secrets itself. */
  const signInAs = async (subject: string, claims: TestClaims, at = issuer) => {
    const { answer, binding } = await comeBack(platform, at, subject, claims);
    return finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport());
  };

  const events = async (userId: string) => {
    const dump = await openDump(platform.settings.databaseUrl);
    const { events: all = [], event_payloads: payloads = [] } = await dump.read();
    await dump.close();
    return all
      .filter((event) => event['entity_id'] === userId)
      .map((event) => {
        const { payload } = payloads.find((row) => row['event_id'] === event['id']) ?? {};
        const { data } = (typeof payload === 'string' ? JSON.parse(payload) : payload) as { data: object };
        return { type: event['type'], organization: event['organization_id'], data };
      });
  };

  it('lists its issuers', async () => {
    expect(await listOidcIssuers(anonymous(platform), {})).toEqual({
      data: [
        { id: 'local', name: 'Issuer local', issuer: issuer.settings.issuer },
        { id: 'other', name: 'Issuer other', issuer: other.settings.issuer },
      ],
    });
  });

  it('makes an account for who is new, with the address proven', async () => {
    const email = newEmail();
    const claims = person(email, { name: 'Robin Fletcher', locale: 'de-CH', zoneinfo: 'Europe/Zurich' });
    const { user, accessToken, refreshToken } = await signInAs('new', claims);

    expect(user).toMatchObject({
      email,
      emailVerifiedAt: clock.now().toISOString(),
      fullName: 'Robin Fletcher',
      locale: 'de-CH',
      timezone: 'Europe/Zurich',
      lastLoginAt: clock.now().toISOString(),
    });
    const identity = await authenticate(platform.database, platform.settings, clock, accessToken);
    expect(identity).toMatchObject({ userId: user.id, emailVerified: true });
    expect((await refresh(anonymous(platform), { refreshToken }, fakeOidcTransport())).user.id).toBe(user.id);
    const { issuer: url } = issuer.settings;
    expect(await events(user.id)).toEqual([
      { type: 'user.registered', organization: null, data: { issuer: url } },
      { type: 'user.email_verified', organization: null, data: { issuer: url } },
      {
        type: 'user.identity_linked',
        organization: null,
        data: { issuer: url, subject: 'new', identityProviderId: null },
      },
      { type: 'user.signed_in', organization: null, data: expect.objectContaining({ issuer: url }) },
    ]);
  });

  it('knows a person by their subject, whatever becomes of their address', async () => {
    const first = await signInAs('steady', person(newEmail()));
    const again = await signInAs('steady', { email: newEmail(), email_verified: false });
    expect(again.user).toEqual({ ...first.user, lastLoginAt: again.user.lastLoginAt });
  });

  it('leaves out of a profile what makes no sense', async () => {
    const claims = person(newEmail(), { name: 'a\nb', locale: 'no locale', zoneinfo: '+02:00' });
    expect((await signInAs('odd', claims)).user).toMatchObject({ fullName: null, locale: 'en', timezone: 'UTC' });
  });

  it('links to the account with the same proven address, and makes its organization the active one', async () => {
    const own = await signUp(platform, { organizationName: 'Linked Ltd' });
    const { user, accessToken } = await signInAs('linked', person(own.email.toUpperCase()));
    expect(user.id).toBe(own.user.id);
    const identity = await authenticate(platform.database, platform.settings, clock, accessToken);
    expect(identity.activeOrganizationId).toBe(own.organization?.id);
    // The same person at another issuer.
    expect((await signInAs('linked-too', person(own.email), other)).user.id).toBe(own.user.id);
  });

  it('links to nothing, and makes nothing, when the issuer does not say that the address is proven', async () => {
    const own = await signUp(platform);
    for (const claims of [
      { email: own.email },
      { email: own.email, email_verified: false },
      { email: own.email, email_verified: 'true' },
      { email: newEmail() },
      { email_verified: true },
      { email: 'no address', email_verified: true },
    ])
      expect(await codeOf(signInAs('unproven', claims))).toBe('oidc_email_not_verified');
  });

  it('links to no account whose address nobody has proven', async () => {
    const email = newEmail();
    await register(anonymous(platform), { email, password });
    expect(await codeOf(signInAs('squatted', person(email)))).toBe('oidc_account_exists');
  });

  it('makes no account with an address that was somebody else’s until lately', async () => {
    const own = await signUp(platform);
    const moved = await moveAddress(platform, own);
    expect(await codeOf(signInAs('lately', person(own.email)))).toBe('oidc_account_exists');
    expect((await signInAs('lately', person(moved))).user.id).toBe(own.user.id);
  });

  it('refuses who is not active', async () => {
    const { user } = await signInAs('gone', person(newEmail()));
    await writeThroughIdentityDoor(anonymous(platform), ({ db }) =>
      db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute(),
    );
    expect(await codeOf(signInAs('gone', person(newEmail())))).toBe('user_inactive');
  });

  it('keeps at most three sessions', async () => {
    const sessions = [];
    for (let count = 0; count < 4; count++) {
      clock.advance(1000);
      sessions.push(await signInAs('often', person('often@example.com')));
    }
    const lives = ({ refreshToken }: { refreshToken?: string | undefined }) =>
      codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()));
    expect(await Promise.all(sessions.map(lives))).toEqual(['unauthenticated', 'passed', 'passed', 'passed']);
  });

  it('signs a first-time person in once, however many tabs come back at the same time', async () => {
    const claims = person(newEmail());
    const answers = await Promise.all([1, 2, 3].map(() => comeBack(platform, issuer, 'tabs', claims)));
    const signedIn = await Promise.all(
      answers.map(({ answer, binding }) =>
        finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport()),
      ),
    );
    expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
  });

  describe('holds an answer to what was begun', () => {
    const finish = (input: { state: string; code: string; iss: string; binding: string }) =>
      codeOf(finishOidc(anonymous(platform), input, fakeOidcTransport()));

    it('once', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'once', person(newEmail()));
      const both = await Promise.all([1, 2].map(() => finish({ ...answer, binding })));
      expect(both.toSorted()).toEqual(['oidc_state_invalid', 'passed']);
      expect(await finish({ ...answer, binding })).toBe('oidc_state_invalid');
    });

    it('by its state', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'state', person(newEmail()));
      for (const state of ['x', `${answer.state}x`, answer.state.toLowerCase()])
        expect(await finish({ ...answer, binding, state })).toBe('oidc_state_invalid');
      const another = await comeBack(platform, issuer, 'state', person(newEmail()));
      expect(await finish({ ...answer, state: another.answer.state, binding })).toBe('oidc_state_invalid');
      expect(await finish({ ...answer, binding })).toBe('passed');
    });

    it('by what it is bound to, without harm to who is', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'bound', person(newEmail()));
      expect(await finish({ ...answer, binding: 'x' })).toBe('oidc_state_invalid');
      expect(await finish({ ...answer, binding })).toBe('passed');
    });

    it('within ten minutes', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'late', person(newEmail()));
      clock.advance(600_000);
      expect(await finish({ ...answer, binding })).toBe('oidc_state_invalid');
    });

    it('by its nonce', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'nonce', person(newEmail()), {
        tamper: (url) => url.searchParams.set('nonce', 'another'),
      });
      expect(await finish({ ...answer, binding })).toBe('oidc_rejected');
    });

    it('by its PKCE challenge', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'pkce', person(newEmail()), {
        tamper: (url) => url.searchParams.set('code_challenge', 'A'.repeat(43)),
      });
      expect(await finish({ ...answer, binding })).toBe('oidc_rejected');
    });

    it('by its issuer: a code of another one opens nothing', async () => {
      const begun = await comeBack(platform, issuer, 'mixed', person(newEmail()));
      const elsewhere = await comeBack(platform, other, 'mixed', person(newEmail()));
      const { code, iss } = elsewhere.answer;
      expect(await finish({ ...begun.answer, code, binding: begun.binding })).toBe('oidc_rejected');
      const again = await comeBack(platform, issuer, 'mixed', person(newEmail()));
      expect(await finish({ ...again.answer, code, iss, binding: again.binding })).toBe('oidc_rejected');
      // One subject at two issuers is two people.
      const [here, there] = [
        await signInAs('mixed', person(newEmail())),
        await signInAs('mixed', person(newEmail()), other),
      ];
      expect(here.user.id).not.toBe(there.user.id);
    });

    it('by its issuer: a code of nobody opens nothing', async () => {
      const { answer, binding } = await comeBack(platform, issuer, 'nobody', person(newEmail()));
      expect(await finish({ ...answer, code: 'x', binding })).toBe('oidc_rejected');
    });
  });

  it('says which issuer there is not, and which cannot be reached', async () => {
    const start = (id: string) =>
      codeOf(
        startOidc(anonymous(platform), { issuer: id, redirectTo: '/', tokenTransport: 'body' }, fakeOidcTransport()),
      );
    expect(await start('none')).toBe('oidc_issuer_not_found');
    const settings = { ...issuer.settings, key: 'down', issuer: 'http://localhost:1' };
    const down = platform.context({ principal: null });
    const ctx = { ...down, settings: { ...platform.settings, oidcIssuers: [settings] } };
    const input = { issuer: 'down', redirectTo: '/', tokenTransport: 'body' } as const;
    expect(await codeOf(startOidc(ctx, input, fakeOidcTransport()))).toBe('oidc_issuer_unavailable');
  });

  describe('in a browser', () => {
    it('comes back signed in by a cookie', async () => {
      const transport = fakeOidcTransport();
      const options = { transport, tokenTransport: 'cookie', redirectTo: '/welcome?a=1' } as const;
      const { answer, binding } = await comeBack(platform, issuer, 'browser', person(newEmail()), options);
      expect(binding).toBe('');
      expect(transport.bindings.size).toBe(1);

      expect(await answerOidc(anonymous(platform), answer, transport)).toBe('http://localhost:8000/welcome?a=1');
      expect(transport.bindings.size).toBe(0);
      expect(transport.cookies).toEqual([expect.any(String)]);
      const signedIn = await refresh(anonymous(platform), {}, transport);
      expect(signedIn.user.email).toMatch(/@example.com$/);
      expect(await codeOf(answerOidc(anonymous(platform), answer, transport))).toBe('oidc_state_invalid');
    });

    it('that did not begin it is refused: nobody is signed in to the account of somebody else', async () => {
      const options = { tokenTransport: 'cookie' } as const;
      const { answer } = await comeBack(platform, issuer, 'attacker', person(newEmail()), options);
      const victim = fakeOidcTransport();
      expect(await codeOf(answerOidc(anonymous(platform), answer, victim))).toBe('oidc_state_invalid');
      expect(victim.cookies).toEqual([]);
    });

    it('goes back to its page with the code of what went wrong', async () => {
      const transport = fakeOidcTransport();
      const options = { transport, tokenTransport: 'cookie', redirectTo: 'https://app.example.com/in' } as const;
      const { answer } = await comeBack(platform, issuer, 'wrong', { email: newEmail() }, options);
      const location = new URL(await answerOidc(anonymous(platform), answer, transport));
      expect(location.origin + location.pathname).toBe('https://app.example.com/in');
      expect(location.searchParams.get('error')).toBe('oidc_email_not_verified');

      const denied = await comeBack(platform, issuer, 'wrong', {}, options);
      const { state, iss } = denied.answer;
      const answered = await answerOidc(anonymous(platform), { state, iss, error: 'access_denied' }, transport);
      expect(new URL(answered).searchParams.get('error')).toBe('oidc_rejected');
      expect(transport.cookies).toEqual([]);
    });

    it('hands the answer on, unopened, to a client that keeps its secrets itself', async () => {
      const options = { redirectTo: 'http://127.0.0.1:51234/done' };
      const { answer, binding } = await comeBack(platform, issuer, 'native', person(newEmail()), options);
      const location = new URL(await answerOidc(anonymous(platform), answer, fakeOidcTransport()));
      expect(location.origin).toBe('http://127.0.0.1:51234');
      expect(Object.fromEntries(location.searchParams)).toEqual(answer);
      const signedIn = await finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport());
      expect(signedIn.refreshToken).toEqual(expect.any(String));
    });

    it('cannot finish in the body what was begun with a cookie', async () => {
      const transport = fakeOidcTransport();
      const options = { transport, tokenTransport: 'cookie' } as const;
      const { answer } = await comeBack(platform, issuer, 'crossed', person(newEmail()), options);
      const [binding = ''] = transport.bindings.values();
      const input = { ...answer, binding };
      expect(await codeOf(finishOidc(anonymous(platform), input, transport))).toBe('oidc_state_invalid');
    });
  });

  it('trusts a key that the issuer begins to sign with, without a restart, and asks no more than every 30 seconds', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      await signInAs('rotation', person('rotation@example.com'));
      await issuer.rotateKeys();
      const asked = issuer.keysAskedFor;
      vi.setSystemTime(Date.now() + 31_000);
      expect(await codeOf(signInAs('rotation', {}))).toBe('passed');
      expect(issuer.keysAskedFor).toBe(asked + 1);
      const forged = await issuer.sign(
        { iss: issuer.settings.issuer, aud: issuer.settings.clientId },
        { kid: 'unknown' },
      );
      for (let count = 0; count < 5; count++)
        expect(await codeOf(endOidcSessions(anonymous(platform), forged))).toBe('logout_token_invalid');
      expect(issuer.keysAskedFor).toBe(asked + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets what was never finished', async () => {
    await comeBack(platform, issuer, 'unfinished', person(newEmail()));
    clock.advance(3_600_000);
    expect(await purgeOidc(anonymous(platform))).toBeGreaterThan(0);
    expect(await purgeOidc(anonymous(platform))).toBe(0);
  });
});
