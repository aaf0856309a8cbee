import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { anonymous, codeOf, signUp } from '../testing/people.ts';
import { getCurrentUser } from './user.queries.ts';
import { User, UserUpdate } from './user.schema.ts';
import { updateCurrentUser } from './user.service.ts';

describe('the input of a profile', () => {
  it.each([
    { username: 'ab' },
    { username: 'a'.repeat(41) },
    { username: 'anna@example.com' },
    { username: 'anna smith' },
    { username: 'änna' },
    { fullName: '  ' },
    { fullName: 'Anna\nSmith' },
    { timezone: 'Europe/Atlantis' },
    { timezone: '+02:00' },
    { timezone: null },
    { locale: 'not a tag' },
    { locale: '' },
    { avatarUrl: 'javascript:alert(1)' },
    { avatarUrl: 'ftp://example.com/a.png' },
    { avatarUrl: '/a.png' },
    { email: 'other@example.com' },
    { isActive: false },
  ])('may not be %j', (input) => {
    expect(UserUpdate.safeParse(input).success).toBe(false);
  });

  it.each([
    { username: null, fullName: null, avatarUrl: null },
    { username: 'Anna.S_m-1th' },
    { timezone: 'America/Argentina/Buenos_Aires', locale: 'de-CH' },
    { timezone: 'UTC' },
    { avatarUrl: 'https://example.com/a.png' },
    {},
  ])('may be %j', (input) => {
    expect(UserUpdate.safeParse(input).success).toBe(true);
  });
});

describe.each(dialects)('users on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  it('see themselves as the schema says', async () => {
    const person = await signUp(platform, { username: 'Carla', fullName: 'Carla Čapek' });

    const user = await getCurrentUser(await person.ctx('none'));

    expect(User.strict().parse(user)).toEqual(user);
    expect(user).toMatchObject({
      email: person.email,
      username: 'Carla',
      fullName: 'Carla Čapek',
      timezone: 'UTC',
      locale: 'en',
      emailVerifiedAt: '2026-03-01T12:00:00.000Z',
      lastLoginAt: '2026-03-01T12:00:00.000Z',
    });
  });

  it('change only the given fields, and null clears a field', async () => {
    const person = await signUp(platform, { username: 'dora', fullName: 'Dora' });
    clock.advance(1000);

    const changed = await updateCurrentUser(await person.ctx('none'), { fullName: null, timezone: 'Europe/Berlin' });

    expect(changed).toEqual({
      ...person.user,
      fullName: null,
      timezone: 'Europe/Berlin',
      updatedAt: clock.now().toISOString(),
    });
    expect(await getCurrentUser(await person.ctx('none'))).toEqual(changed);
  });

  it('record changes once, in the stream of the instance', async () => {
    const person = await signUp(platform, { fullName: 'Before' });
    await updateCurrentUser(await person.ctx('none'), { fullName: 'After' });
    await updateCurrentUser(await person.ctx('none'), { fullName: 'After' });

    const events = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.organization_id', 'events.actor_id', 'event_payloads.payload'])
        .where('events.type', '=', 'user.updated')
        .where('events.entity_id', '=', person.user.id)
        .execute(),
    );

    expect(events).toEqual([
      {
        organization_id: null,
        actor_id: person.user.id,
        payload: { changes: { fullName: { from: 'Before', to: 'After' } }, data: {} },
      },
    ]);
  });

  it('cannot take another user’s username in a different case, but can change the case of their own', async () => {
    await signUp(platform, { username: 'Emil' });
    const person = await signUp(platform, { username: 'other' });

    expect(await codeOf(updateCurrentUser(await person.ctx('none'), { username: 'eMIL' }))).toBe('username_taken');
    expect((await updateCurrentUser(await person.ctx('none'), { username: 'OTHER' })).username).toBe('OTHER');
  });

  it('are not changed by a dry run', async () => {
    const person = await signUp(platform, { fullName: 'Real' });
    const ctx = await person.ctx('none', {}, { dryRun: true });

    expect((await updateCurrentUser(ctx, { fullName: 'Tried' })).fullName).toBe('Tried');
    expect(ctx.outcome.dryRun?.events).toMatchObject([{ type: 'user.updated' }]);
    expect((await getCurrentUser(await person.ctx('none'))).fullName).toBe('Real');
  });

  it('must be signed in', async () => {
    expect(await codeOf(getCurrentUser(anonymous(platform)))).toBe('unauthenticated');
    expect(await codeOf(updateCurrentUser(anonymous(platform), {}))).toBe('unauthenticated');
  });
});
