import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { login } from '../tenancy/index.ts';
import {
  anonymous,
  codeOf,
  fakeTransport,
  loginInput,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../testing/people.ts';
import { logout, refresh } from './auth.service.ts';
import { signAccessToken } from './access-token.ts';
import { authenticate } from './authenticate.ts';
import { purgeSessions, purgeSpentRefreshTokens } from './maintenance.ts';
import { hashOf } from './secret.ts';

const second = 1000;
const day = 86_400_000;

describe.each(dialects)('sessions on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const write = (work: Parameters<typeof writeThroughSystemDoor>[1]) =>
    writeThroughSystemDoor(anonymous(platform), work);
  const identify = (accessToken: string) => authenticate(platform.database, platform.settings, clock, accessToken);
  const refreshed = (refreshToken: string) => refresh(anonymous(platform), { refreshToken }, fakeTransport());
  const sessionsOf = ({ user }: SignedUpPerson) =>
    readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('sessions').selectAll().where('user_id', '=', user.id).orderBy('created_at').execute(),
    );
  const setActive = ({ user }: SignedUpPerson, isActive: boolean) =>
    write((unit) => unit.db.updateTable('users').set({ is_active: isActive }).where('id', '=', user.id).execute());

  describe('an access token', () => {
    it('stops working when its session ends, at once in this process', async () => {
      const person = await signUp(platform);
      expect(await identify(person.accessToken)).toMatchObject({ userId: person.user.id, emailVerified: true });

      await logout(anonymous(platform), { refreshToken: person.refreshToken }, fakeTransport());

      expect(await codeOf(identify(person.accessToken))).toBe('unauthenticated');
    });

    it('stops working within 3 seconds when another process ended the session, or deactivated the user', async () => {
      const [ended, inactive] = [await signUp(platform), await signUp(platform)];
      for (const person of [ended, inactive]) await identify(person.accessToken);
      await write((unit) =>
        unit.db.updateTable('sessions').set({ revoked_at: clock.now() }).where('user_id', '=', ended.user.id).execute(),
      );
      await setActive(inactive, false);

      clock.advance(3 * second);

      expect(await codeOf(identify(ended.accessToken))).toBe('unauthenticated');
      expect(await codeOf(identify(inactive.accessToken))).toBe('unauthenticated');
    });

    it('is no other user’s, and ends with its session', async () => {
      const [person, other] = [await signUp(platform), await signUp(platform)];
      const sessionId = (await identify(person.accessToken)).sessionId ?? '';
      const forged = (userId: string) => signAccessToken(platform.settings, clock.now(), { userId, sessionId });
      expect(await codeOf(identify(await forged(other.user.id)))).toBe('unauthenticated');
      expect(await codeOf(identify(await forged(person.user.id)))).toBe('passed');
      await write((unit) =>
        unit.db.updateTable('sessions').set({ expires_at: clock.now() }).where('id', '=', sessionId).execute(),
      );

      clock.advance(3 * second);

      expect(await codeOf(identify(await forged(person.user.id)))).toBe('unauthenticated');
    });
  });

  describe('refreshing', () => {
    it('rotates the token and extends the same session', async () => {
      const person = await signUp(platform);
      const before = await identify(person.accessToken);
      clock.advance(2 * day);

      const next = await refreshed(person.refreshToken);

      expect(next.refreshToken).not.toBe(person.refreshToken);
      expect(next.user.id).toBe(person.user.id);
      expect((await identify(next.accessToken)).sessionId).toBe(before.sessionId);
      expect(await sessionsOf(person)).toMatchObject([
        {
          last_used_at: clock.now().toISOString(),
          expires_at: new Date(clock.now().getTime() + 3 * day).toISOString(),
        },
      ]);
      clock.advance(2 * day);
      expect(await codeOf(refreshed(next.refreshToken ?? ''))).toBe('passed');
    });

    it('answers the same successor to parallel requests', async () => {
      const { refreshToken } = await signUp(platform);

      const answers = await Promise.all(Array.from({ length: 20 }, () => refreshed(refreshToken)));

      const successors = new Set(answers.map((answer) => answer.refreshToken));
      expect(successors.size).toBe(1);
      expect(await codeOf(refreshed([...successors][0] ?? ''))).toBe('passed');
    });

    it('answers the same successor within 10 seconds, and ends the session after that', async () => {
      const person = await signUp(platform);
      const next = await refreshed(person.refreshToken);
      clock.advance(10 * second);

      expect((await refreshed(person.refreshToken)).refreshToken).toBe(next.refreshToken);
      expect(await codeOf(identify(next.accessToken))).toBe('passed');

      clock.advance(1);
      expect(await codeOf(refreshed(person.refreshToken))).toBe('unauthenticated');
      expect(await codeOf(identify(next.accessToken))).toBe('unauthenticated');
      expect(await codeOf(refreshed(next.refreshToken ?? ''))).toBe('unauthenticated');
      expect(await sessionsOf(person)).toMatchObject([{ revoked_at: clock.now().toISOString() }]);
    });

    it('ends the session for any used token, however many followed it', async () => {
      const person = await signUp(platform);
      let latest = person.refreshToken;
      for (let round = 0; round < 4; round++) {
        clock.advance(11 * second);
        latest = (await refreshed(latest)).refreshToken ?? '';
      }

      expect(await codeOf(refreshed(person.refreshToken))).toBe('unauthenticated');

      expect(await codeOf(refreshed(latest))).toBe('unauthenticated');
      const events = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('events')
          .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
          .select(['events.type', 'event_payloads.payload', 'events.organization_id'])
          .where('events.actor_id', '=', person.user.id)
          .where('events.entity_type', '=', 'session')
          .orderBy('events.id')
          .execute(),
      );
      expect(events).toMatchObject([
        { type: 'session.ended', organization_id: null, payload: { data: { reason: 'refresh_token_reused' } } },
      ]);
    });

    it('does not affect other sessions of the user', async () => {
      const person = await signUp(platform);
      const other = await signIn(platform, { login: person.email });
      await refreshed(person.refreshToken);
      clock.advance(11 * second);
      await codeOf(refreshed(person.refreshToken));

      expect(await codeOf(refreshed(other.refreshToken ?? ''))).toBe('passed');
    });

    it('is refused after 3 days, for inactive users, and for invalid tokens', async () => {
      const [late, inactive] = [await signUp(platform), await signUp(platform)];
      await setActive(inactive, false);

      expect(await codeOf(refreshed(inactive.refreshToken))).toBe('unauthenticated');
      for (const nonsense of ['x', hashOf(late.refreshToken), late.accessToken, `${late.refreshToken}A`])
        expect(await codeOf(refreshed(nonsense))).toBe('unauthenticated');
      clock.advance(3 * day);
      expect(await codeOf(refreshed(late.refreshToken))).toBe('unauthenticated');
    });

    it('answers the way the token came; the body wins over the cookie', async () => {
      const { email } = await signUp(platform);
      const browser = fakeTransport();
      await login(anonymous(platform), loginInput({ login: email, tokenTransport: 'cookie' }), browser);
      const cookie = browser.refreshCookie;
      const { refreshToken = '' } = await signIn(platform, { login: email });

      const byBody = await refresh(anonymous(platform), { refreshToken }, browser);
      expect(byBody.refreshToken).toEqual(expect.any(String));
      expect(browser.refreshCookie).toBe(cookie);

      const byCookie = await refresh(anonymous(platform), {}, browser);
      expect(byCookie).not.toHaveProperty('refreshToken');
      expect(browser.refreshCookie).not.toBe(cookie);
      expect(await codeOf(refresh(anonymous(platform), {}, fakeTransport()))).toBe('unauthenticated');
    });
  });

  describe('logout', () => {
    it('ends the session of the cookie, and clears it', async () => {
      const { email } = await signUp(platform);
      const browser = fakeTransport();
      const byCookie = loginInput({ login: email, tokenTransport: 'cookie' });
      const { accessToken } = await login(anonymous(platform), byCookie, browser);

      await logout(anonymous(platform), {}, browser);

      expect(browser.refreshCookie).toBeNull();
      expect(await codeOf(identify(accessToken))).toBe('unauthenticated');
    });

    it('ends the session of the token in the body, also a used one, and keeps the cookie', async () => {
      const person = await signUp(platform);
      const browser = fakeTransport();
      await login(anonymous(platform), loginInput({ login: person.email, tokenTransport: 'cookie' }), browser);
      await refreshed(person.refreshToken);

      await logout(anonymous(platform), { refreshToken: person.refreshToken }, browser);

      expect(await codeOf(identify(person.accessToken))).toBe('unauthenticated');
      expect(await codeOf(refresh(anonymous(platform), {}, browser))).toBe('passed');
    });

    it('succeeds with nothing to end', async () => {
      const person = await signUp(platform);
      await logout(anonymous(platform), { refreshToken: person.refreshToken }, fakeTransport());

      for (const input of [{}, { refreshToken: 'x' }, { refreshToken: person.refreshToken }])
        expect(await codeOf(logout(anonymous(platform), input, fakeTransport()))).toBe('passed');
    });
  });

  describe('purge', () => {
    const tokensOf = ({ user }: SignedUpPerson) =>
      readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('refresh_tokens').select('hash').where('user_id', '=', user.id).execute(),
      );

    it('deletes sessions that expired or ended a day ago, with their tokens', async () => {
      const [expired, ended, living] = [await signUp(platform), await signUp(platform), await signUp(platform)];
      clock.advance(2 * day);
      const fresh = await refreshed(living.refreshToken);
      await logout(anonymous(platform), { refreshToken: ended.refreshToken }, fakeTransport());

      await purgeSessions(anonymous(platform));
      expect(await sessionsOf(ended)).toHaveLength(1);
      clock.advance(day + 1);
      await purgeSessions(anonymous(platform));

      expect(await sessionsOf(expired)).toEqual([]);
      expect(await sessionsOf(ended)).toEqual([]);
      expect(await tokensOf(ended)).toEqual([]);
      expect(await codeOf(refreshed(fresh.refreshToken ?? ''))).toBe('passed');
    });

    it('deletes used tokens of active sessions after 3 days, and never the current one', async () => {
      const person = await signUp(platform);
      let latest = person.refreshToken;
      for (let round = 0; round < 3; round++) {
        latest = (await refreshed(latest)).refreshToken ?? '';
        clock.advance(2 * day);
      }

      expect(await tokensOf(person)).toHaveLength(4);
      expect(await purgeSpentRefreshTokens(anonymous(platform))).toBeGreaterThanOrEqual(2);

      expect(await tokensOf(person)).toHaveLength(2);
      expect(await codeOf(refreshed(latest))).toBe('passed');
    });
  });
});
