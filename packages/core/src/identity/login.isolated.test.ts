import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { login, register } from '../tenancy/index.ts';
import {
  anonymous,
  codeOf,
  fakeTransport,
  loginInput,
  newEmail,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../testing/people.ts';
import { Login } from './auth.schema.ts';
import { verifyPassword } from './passwords.ts';

// The real functions, with calls counted: time is not reliable on a busy machine.
vi.mock('./passwords.ts', { spy: true });

const day = 86_400_000;

describe('the input of a login', () => {
  it.each([
    { password },
    { login: 'anna', email: 'anna@example.com', password },
    { login: 'anna', username: 'anna', password },
    { login: 'anna' },
    { login: '', password },
    { login: 'anna', password, tokenTransport: 'header' },
    { login: 'anna', password, remember: true },
    { login: ['anna'], password },
  ])('is not %j', (input) => {
    expect(Login.safeParse(input).success).toBe(false);
  });

  it('needs exactly one name, and reports that together with all other problems', () => {
    expect(Login.parse({ username: 'anna', password })).toMatchObject({ tokenTransport: 'cookie' });
    const { error } = Login.safeParse({ deviceId: '' });
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual(
      expect.arrayContaining(['login', 'password', 'deviceId']),
    );
  });
});

describe.each(dialects)('login on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const write = (work: Parameters<typeof writeThroughSystemDoor>[1]) =>
    writeThroughSystemDoor(anonymous(platform), work);
  const setActive = ({ user }: SignedUpPerson, isActive: boolean) =>
    write((unit) => unit.db.updateTable('users').set({ is_active: isActive }).where('id', '=', user.id).execute());
  const sessionsOf = ({ user }: SignedUpPerson) =>
    readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('sessions').selectAll().where('user_id', '=', user.id).orderBy('created_at').execute(),
    );

  it('accepts an address or a username, in any case, in any of the three fields', async () => {
    const { user, email } = await signUp(platform, { username: 'Petra' });
    const names = [
      { login: email },
      { login: email.toUpperCase() },
      { login: 'pETRA' },
      { email },
      { username: 'petra' },
    ];
    for (const name of names) expect((await signIn(platform, name)).user.id).toBe(user.id);
    expect(await codeOf(signIn(platform, { username: email }))).toBe('invalid_credentials');
    expect(await codeOf(signIn(platform, { email: 'petra' }))).toBe('invalid_credentials');
  });

  it('gives the same answer for a wrong password, an unknown login and an inactive account', async () => {
    const person = await signUp(platform);
    const failures = async () => [
      await signIn(platform, { login: person.email, password: 'wrong words' }).catch((error: unknown) => error),
      await signIn(platform, { login: 'nobody@example.com' }).catch((error: unknown) => error),
    ];
    const [wrong, unknown] = await failures();
    await setActive(person, false);
    const inactive = await signIn(platform, { login: person.email }).catch((error: unknown) => error);

    expect(wrong).toMatchObject({ code: 'invalid_credentials', kind: 'unauthenticated' });
    for (const other of [unknown, inactive]) {
      expect(other).toMatchObject({ code: 'invalid_credentials', message: (wrong as Error).message });
    }
  });

  it('does the same work for an unknown login as for a wrong password', async () => {
    const { email } = await signUp(platform);
    const verify = vi.mocked(verifyPassword);
    for (const name of [email, 'nobody@example.com', 'nobody']) {
      verify.mockClear();
      expect(await codeOf(signIn(platform, { login: name, password: 'wrong words' }))).toBe('invalid_credentials');
      expect(verify).toHaveBeenCalledOnce();
    }
  });

  it('verifies no password once the attempts are used up', async () => {
    const { email } = await signUp(platform);
    const attempt = () => codeOf(signIn(platform, { login: email, password: 'wrong words' }));
    for (let count = 0; count < 10; count++) expect(await attempt()).toBe('invalid_credentials');

    const verify = vi.mocked(verifyPassword);
    verify.mockClear();
    expect(await attempt()).toBe('rate_limited');
    expect(verify).not.toHaveBeenCalled();
  });

  it('tells an inactive, unverified user nothing, even with the right password', async () => {
    const email = newEmail();
    const { user } = await register(anonymous(platform), { email, password });
    await write((unit) => unit.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute());

    expect(await codeOf(signIn(platform, { login: email }))).toBe('invalid_credentials');
  });

  it('records the address and the time', async () => {
    const person = await signUp(platform);
    await signIn(platform, { login: person.email, deviceId: 'phone' });

    const sessions = await sessionsOf(person);

    expect(sessions).toHaveLength(2);
    expect(sessions.find((session) => session.device_id === 'phone')).toMatchObject({
      user_agent: 'vitest',
      address: '192.0.2.1',
      created_at: clock.now().toISOString(),
      last_used_at: clock.now().toISOString(),
      expires_at: new Date(clock.now().getTime() + 3 * day).toISOString(),
      revoked_at: null,
    });
  });

  it('sets a cookie or answers the refresh token, never both', async () => {
    const { email } = await signUp(platform);
    const [browser, client] = [fakeTransport(), fakeTransport()];

    const byCookie = await login(anonymous(platform), loginInput({ login: email, tokenTransport: 'cookie' }), browser);
    const byBody = await login(anonymous(platform), loginInput({ login: email, tokenTransport: 'body' }), client);

    expect(byCookie).toMatchObject({ tokenType: 'Bearer', expiresIn: 1200 });
    expect(byCookie).not.toHaveProperty('refreshToken');
    expect(browser.cookies).toEqual([expect.any(String)]);
    expect(byBody.refreshToken).toEqual(expect.any(String));
    expect(client.cookies).toEqual([]);
  });

  it('verifies an imported bcrypt hash and replaces it with a stronger one', async () => {
    const { user, email } = await signUp(platform);
    const imported = await bcrypt(password, { cost: 4 });
    const hashOf = () =>
      readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('credentials').select('password_hash').where('user_id', '=', user.id).executeTakeFirstOrThrow(),
      );
    await write((unit) =>
      unit.db.updateTable('credentials').set({ password_hash: imported }).where('user_id', '=', user.id).execute(),
    );

    expect(await codeOf(signIn(platform, { login: email, password: 'wrong words' }))).toBe('invalid_credentials');
    expect((await hashOf()).password_hash).toBe(imported);
    await signIn(platform, { login: email });
    expect((await hashOf()).password_hash).toMatch(/^\$argon2id\$/);
    expect(await codeOf(signIn(platform, { login: email }))).toBe('passed');
  });
});
