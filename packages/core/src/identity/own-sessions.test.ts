import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { anonymous, codeOf, contextOf, fakeTransport, type SignedUpPerson, signIn, signUp } from '../testing/people.ts';
import { refresh } from './auth.service.ts';
import { endOwnSession, listOwnSessions, logoutAll } from './own-sessions.ts';
import { Session } from './session.schema.ts';

const minute = 60_000;
const page = { limit: 50, total: false, sort: '-createdAt' } as const;

describe.each(dialects)('the sessions of a user on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const as = (accessToken: string) => contextOf(platform, accessToken, 'none');
  const lives = async (accessToken: string) => (await codeOf(as(accessToken))) === 'passed';
  const again = (person: SignedUpPerson, deviceId: string) => signIn(platform, { login: person.email, deviceId });
  const devicesOf = async (accessToken: string) =>
    (await listOwnSessions(await as(accessToken), page)).data.map((session) => session.deviceId);
  const endings = ({ user }: SignedUpPerson) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['event_payloads.payload', 'events.organization_id'])
        .where('events.type', '=', 'session.ended')
        .where('events.actor_id', '=', user.id)
        .orderBy('events.id')
        .execute(),
    );

  it('match the schema in a list that nobody else sees', async () => {
    const person = await signUp(platform);
    await signUp(platform);

    const { data, nextCursor } = await listOwnSessions(await as(person.accessToken), page);

    expect(nextCursor).toBeNull();
    expect(data).toEqual([
      {
        id: expect.any(String),
        deviceId: null,
        userAgent: 'vitest',
        address: '192.0.2.1',
        limitedToId: null,
        isCurrent: true,
        createdAt: clock.now().toISOString(),
        lastUsedAt: clock.now().toISOString(),
        expiresAt: new Date(clock.now().getTime() + 3 * 24 * 60 * minute).toISOString(),
      },
    ]);
    expect(data.map((session) => Session.strict().parse(session))).toEqual(data);
  });

  it('are at most three: another one ends the least recently used', async () => {
    const person = await signUp(platform);
    const first = { accessToken: person.accessToken, refreshToken: person.refreshToken };
    clock.advance(minute);
    const second = await again(person, 'second');
    clock.advance(minute);
    const third = await again(person, 'third');
    clock.advance(minute);
    await refresh(anonymous(platform), { refreshToken: first.refreshToken }, fakeTransport());
    clock.advance(minute);

    const fourth = await again(person, 'fourth');

    expect(await devicesOf(fourth.accessToken)).toEqual(['fourth', 'third', null]);
    expect(await lives(second.accessToken)).toBe(false);
    expect(await lives(first.accessToken)).toBe(true);
    expect(await lives(third.accessToken)).toBe(true);
    expect(await endings(person)).toMatchObject([
      { organization_id: null, payload: { data: { reason: 'too_many', userId: person.user.id } } },
    ]);
  });

  it('are at most three, also when many start in parallel', async () => {
    const person = await signUp(platform);

    const opened = await Promise.all(Array.from({ length: 8 }, (_, index) => again(person, `device ${index}`)));

    const living = await Promise.all([person, ...opened].map(({ accessToken }) => lives(accessToken)));
    expect(living.filter(Boolean)).toHaveLength(3);
  });

  it('do not count after they have ended', async () => {
    const person = await signUp(platform);
    const others = [await again(person, 'a'), await again(person, 'b')];
    await endOwnSession(await as(person.accessToken), {
      id: (await as(others[0]?.accessToken ?? '')).principal?.sessionId ?? '',
    });
    const next = await again(person, 'c');

    expect(new Set(await devicesOf(next.accessToken))).toEqual(new Set(['b', 'c', null]));
  });

  it('do not count after they have expired', async () => {
    const person = await signUp(platform);
    const id = (await as(person.accessToken)).principal?.sessionId ?? '';
    clock.advance(2 * 24 * 60 * minute);
    await again(person, 'younger');
    clock.advance(24 * 60 * minute);
    const current = await again(person, 'current');

    expect(await devicesOf(current.accessToken)).toEqual(['current', 'younger']);
    expect(await codeOf(endOwnSession(await as(current.accessToken), { id }))).toBe('session_not_found');
    expect(await logoutAll(await as(current.accessToken), { keepCurrent: true })).toEqual({ ended: 1 });
  });

  it('end one by one, once, by their owner only', async () => {
    const [person, stranger] = [await signUp(platform), await signUp(platform)];
    const other = await again(person, 'other');
    const id = (await as(other.accessToken)).principal?.sessionId ?? '';

    expect(await codeOf(endOwnSession(await as(stranger.accessToken), { id }))).toBe('session_not_found');
    expect(await lives(other.accessToken)).toBe(true);
    expect(await codeOf(endOwnSession(await as(person.accessToken), { id }))).toBe('passed');
    expect(await lives(other.accessToken)).toBe(false);
    expect(await codeOf(refresh(anonymous(platform), { refreshToken: other.refreshToken }, fakeTransport()))).toBe(
      'unauthenticated',
    );
    expect(await codeOf(endOwnSession(await as(person.accessToken), { id }))).toBe('session_not_found');
    expect(await devicesOf(person.accessToken)).toEqual([null]);
    expect(await endings(person)).toMatchObject([{ payload: { data: { reason: 'ended_by_user' } } }]);
  });

  it('end all together, or all but the current one', async () => {
    const [person, stranger] = [await signUp(platform), await signUp(platform)];
    const other = await again(person, 'other');

    expect(await logoutAll(await as(person.accessToken), { keepCurrent: true })).toEqual({ ended: 1 });
    expect(await lives(other.accessToken)).toBe(false);
    expect(await lives(person.accessToken)).toBe(true);
    const third = await again(person, 'third');
    expect(await logoutAll(await as(person.accessToken), { keepCurrent: false })).toEqual({ ended: 2 });
    expect(await lives(person.accessToken)).toBe(false);
    expect(await lives(third.accessToken)).toBe(false);
    expect(await lives(stranger.accessToken)).toBe(true);
  });

  it('end within 3 seconds in every other process', async () => {
    const person = await signUp(platform);
    expect(await lives(person.accessToken)).toBe(true);
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('sessions').set({ revoked_at: clock.now() }).where('user_id', '=', person.user.id).execute(),
    );

    clock.advance(3000);

    expect(await lives(person.accessToken)).toBe(false);
  });

  it('are refused to anonymous callers', async () => {
    const nobody = anonymous(platform);
    expect(await codeOf(listOwnSessions(nobody, page))).toBe('unauthenticated');
    expect(await codeOf(endOwnSession(nobody, { id: nobody.requestId }))).toBe('unauthenticated');
    expect(await codeOf(logoutAll(nobody, { keepCurrent: false }))).toBe('unauthenticated');
  });
});
