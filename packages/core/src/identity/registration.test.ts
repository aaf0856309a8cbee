import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { Register, register } from '../tenancy/index.ts';
import { anonymous, codeOf, newEmail, password, signIn } from '../testing/people.ts';
import { verificationTokenOf } from './mail/account.mails.ts';
import { resendVerification, verifyEmail } from './registration.service.ts';
import { UserEntity } from './user.entity.ts';

const hour = 3_600_000;

describe('the input of a registration', () => {
  it.each([
    { email: 'nobody' },
    { email: `${'a'.repeat(250)}@example.com` },
    { email: 'anna@example.com\u0000' },
    { password: 'x'.repeat(129) },
    { password: '' },
    { password: 12345678 },
    { username: 'anna@example.com' },
    { timezone: 'Mars/Olympus' },
    { organizationName: ' ' },
    { role: 'owner' },
    { emailVerifiedAt: '2026-03-01T12:00:00.000Z' },
  ])('may not be %j', (change) => {
    expect(Register.safeParse({ email: 'anna@example.com', password, ...change }).success).toBe(false);
  });

  it('needs an address and a password', () => {
    expect(Register.safeParse({ email: 'Anna@Example.com', password }).success).toBe(true);
  });
});

describe.each(dialects)('registration on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());
  beforeEach(() => writeThroughSystemDoor(anonymous(platform), (unit) => unit.db.deleteFrom('jobs').execute()));

  const jobs = () =>
    readThroughSystemDoor(platform.database, (db) => db.selectFrom('jobs').select(['kind', 'payload']).execute());
  const everything = () =>
    readThroughSystemDoor(platform.database, async (db) => ({
      credentials: await db.selectFrom('credentials').selectAll().execute(),
      events: await db.selectFrom('events').selectAll().execute(),
      payloads: await db.selectFrom('event_payloads').selectAll().execute(),
      jobs: await db.selectFrom('jobs').selectAll().execute(),
      sessions: await db.selectFrom('sessions').selectAll().execute(),
      tokens: await db.selectFrom('refresh_tokens').selectAll().execute(),
    }));

  it('creates an unverified user and enqueues the mail', async () => {
    const email = `Nora.${newEmail()}`;

    const { user, organization, verificationToken } = await register(anonymous(platform), {
      email,
      password,
      username: 'Nora',
      timezone: 'Europe/Oslo',
    });

    expect(user).toMatchObject({
      email,
      username: 'Nora',
      fullName: null,
      timezone: 'Europe/Oslo',
      isActive: true,
      emailVerifiedAt: null,
      lastLoginAt: null,
    });
    expect(organization).toBeNull();
    expect(verificationToken).toEqual(expect.any(String));
    expect(await jobs()).toEqual([{ kind: 'mail.send', payload: { template: 'verify_email', email } }]);
  });

  it('stores no secret in plain text', async () => {
    const email = newEmail();
    const { user, verificationToken = 'none' } = await register(anonymous(platform), { email, password });
    await verifyEmail(anonymous(platform), { token: verificationToken });
    const { accessToken, refreshToken = 'none' } = await signIn(platform, { login: email });

    const text = JSON.stringify(await everything());

    expect(text).toContain(user.id);
    for (const secret of [password, verificationToken, accessToken, refreshToken]) expect(text).not.toContain(secret);
    const { events, payloads } = await everything();
    expect(JSON.stringify({ events, payloads })).not.toContain('argon2');
  });

  it('accepts each address and each username once, ignoring case', async () => {
    const email = newEmail();
    await register(anonymous(platform), { email, password, username: 'Otto' });

    const again = (input: { email?: string; username?: string }) =>
      codeOf(register(anonymous(platform), { email: newEmail(), password, ...input }));

    expect(await again({ email: email.toUpperCase() })).toBe('email_taken');
    expect(await again({ username: 'oTTO' })).toBe('username_taken');
    expect(await again({ email, username: 'otto' })).toBe('email_taken');
  });

  it('accepts them once in parallel registrations', async () => {
    const email = newEmail();
    const codes = await Promise.all(
      Array.from({ length: 8 }, () => codeOf(register(anonymous(platform), { email, password }))),
    );

    expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
    expect(codes.filter((code) => code === 'email_taken')).toHaveLength(7);
  });

  it('refuses weak passwords with the field name, and writes nothing', async () => {
    const email = newEmail();
    for (const weak of ['short', 'password123', email]) {
      await expect(register(anonymous(platform), { email, password: weak })).rejects.toMatchObject({
        code: 'validation_failed',
        details: { field: ['password'] },
      });
    }
    expect(await jobs()).toEqual([]);
    expect(await codeOf(register(anonymous(platform), { email, password }))).toBe('passed');
  });

  it('lets nobody in before the address is verified, and says so only after the right password', async () => {
    const email = newEmail();
    const { verificationToken = '' } = await register(anonymous(platform), { email, password });

    expect(await codeOf(signIn(platform, { login: email }))).toBe('email_not_verified');
    expect(await codeOf(signIn(platform, { login: email, password: 'wrong words' }))).toBe('invalid_credentials');

    const { user } = await verifyEmail(anonymous(platform), { token: verificationToken });
    expect(user.emailVerifiedAt).toBe(clock.now().toISOString());
    expect((await signIn(platform, { login: email })).user.id).toBe(user.id);
  });

  describe('a verification token', () => {
    const registered = async () => {
      const email = newEmail();
      const { user, verificationToken = '' } = await register(anonymous(platform), { email, password });
      return { user, token: verificationToken };
    };
    const verify = (token: string) => verifyEmail(anonymous(platform), { token });
    const expectRefused = (token: string) =>
      expect(verify(token)).rejects.toMatchObject({ code: 'validation_failed', details: { field: ['token'] } });

    it('works once', async () => {
      const { token } = await registered();
      await verify(token);
      await expectRefused(token);
    });

    it('is valid for 24 hours', async () => {
      const [{ token }, { token: other }] = [await registered(), await registered()];
      clock.advance(24 * hour - 1);
      expect(await codeOf(verify(token))).toBe('passed');
      clock.advance(1);
      await expectRefused(other);
    });

    it('is valid for its own user only, and unchanged', async () => {
      const [first, second] = [await registered(), await registered()];
      const [, end = '', signature = ''] = first.token.split('.');
      await expectRefused(`${second.user.id}.${end}.${signature}`);
      await expectRefused(`${first.user.id}.${(Number.parseInt(end, 36) + 1).toString(36)}.${signature}`);
      await expectRefused(`${first.user.id}.${end}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`);
      await expectRefused(`${first.user.id}.${end}.`);
      await expectRefused(`${first.token}.more`);
      for (const nonsense of ['', 'x', '..', `${first.user.id}`]) await expectRefused(nonsense);
      expect(await codeOf(verify(first.token))).toBe('passed');
    });

    it('is invalid once the address has changed or the user is inactive', async () => {
      const { user, token } = await registered();
      const other = verificationTokenOf(anonymous(platform), { id: user.id, email: newEmail() });
      await expectRefused(other);
      await writeThroughSystemDoor(anonymous(platform), (unit) =>
        unit.update(UserEntity, { id: user.id }, { isActive: false }),
      );
      await expectRefused(token);
    });

    it('verifies once when used in parallel', async () => {
      const { user, token } = await registered();
      const codes = await Promise.all(Array.from({ length: 6 }, () => codeOf(verify(token))));
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
      const events = await readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('events').select('type').where('entity_id', '=', user.id).orderBy('id').execute(),
      );
      expect(events).toEqual([{ type: 'user.registered' }, { type: 'user.email_verified' }]);
    });
  });

  it('does the same for every address when asked for another mail', async () => {
    const known = newEmail();
    await register(anonymous(platform), { email: known, password });
    await writeThroughSystemDoor(anonymous(platform), (unit) => unit.db.deleteFrom('jobs').execute());
    const unknown = newEmail();

    for (const email of [known, unknown]) {
      expect(await resendVerification(anonymous(platform), { email })).toEqual({ status: 'sent' });
    }
    expect(await jobs()).toEqual(
      [known, unknown].map((email) => ({ kind: 'mail.send', payload: { template: 'verify_email', email } })),
    );
  });

  it('shows the token only in the mail in production, and needs no verification if the setting is off', async () => {
    const other = await createTestPlatform(dialect, {
      clock,
      settings: { production: true, requireVerifiedEmail: false },
    });
    try {
      const email = newEmail();
      const registered = await register(anonymous(other), { email, password });

      expect(registered).not.toHaveProperty('verificationToken');
      const { user } = await signIn(other, { login: email });
      expect(user.emailVerifiedAt).toBeNull();
    } finally {
      await other.dispose();
    }
  });
});
