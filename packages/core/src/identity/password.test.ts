import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { register } from '../tenancy/index.ts';
import {
  accountTokens,
  createTestPlatform,
  deactivate,
  dialects,
  TestClock,
  type TestPlatform,
} from '../testing/index.ts';
import {
  anonymous,
  codeOf,
  contextOf,
  fakeTransport,
  loginInput,
  newEmail,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../testing/people.ts';
import { identityMails } from './index.ts';
import { changePassword, forgotPassword, resetPassword } from './password.service.ts';
import { loginErrors, openLogin, proveLogin } from './login.service.ts';

const hour = 3_600_000;
const another = 'another battery staple';

describe.each(dialects)('passwords on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const as = (accessToken: string) => contextOf(platform, accessToken, 'none');
  const lives = async (accessToken: string) => (await codeOf(as(accessToken))) === 'passed';
  const opens = (email: string, withPassword: string) =>
    codeOf(signIn(platform, { login: email, password: withPassword }));
  const resetTokenOf = async ({ user }: Pick<SignedUpPerson, 'user'>) => (await accountTokens(platform, user.id)).reset;
  const reset = (token: string, to = another) => codeOf(resetPassword(anonymous(platform), { token, password: to }));
  const jobsAbout = (template: string, of: string) =>
    readThroughSystemDoor(platform.database, async (db) => {
      const jobs = await db.selectFrom('jobs').select('payload').where('kind', '=', 'mail.send').execute();
      return jobs.filter(({ payload }) => payload['template'] === template && Object.values(payload).includes(of));
    });
  const events = ({ user }: SignedUpPerson) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['event_payloads.payload', 'events.organization_id', 'events.actor_id'])
        .where('events.type', '=', 'user.password_changed')
        .where('events.entity_id', '=', user.id)
        .execute(),
    );

  describe('changing', () => {
    it('needs the current password, ends the other sessions, and mails the owner', async () => {
      const person = await signUp(platform);
      const other = await signIn(platform, { login: person.email });

      await changePassword(await as(person.accessToken), { currentPassword: password, newPassword: another });

      expect(await opens(person.email, password)).toBe('invalid_credentials');
      expect(await opens(person.email, another)).toBe('passed');
      expect(await lives(person.accessToken)).toBe(true);
      expect(await lives(other.accessToken)).toBe(false);
      expect(await jobsAbout('password_changed', person.user.id)).toHaveLength(1);
      const recorded = await events(person);
      expect(recorded).toMatchObject([
        { organization_id: null, actor_id: person.user.id, payload: { data: { by: 'user' } } },
      ]);
      expect(JSON.stringify(recorded)).not.toMatch(/battery|argon2/);
    });

    it('is refused with a wrong password, and for a while after ten of them; the session stays active', async () => {
      const person = await signUp(platform);
      const change = async (currentPassword: string) =>
        codeOf(changePassword(await as(person.accessToken), { currentPassword, newPassword: another }));

      for (let count = 0; count < 10; count++) expect(await change('wrong words')).toBe('validation_failed');
      expect(await change(password)).toBe('rate_limited');
      expect(await lives(person.accessToken)).toBe(true);
      expect(await opens(person.email, password)).toBe('passed');
      clock.advance(hour / 4);
      // Their access token may have expired by now, but their session has not.
      const fresh = await signIn(platform, { login: person.email });
      const input = { currentPassword: password, newPassword: another };
      expect(await codeOf(changePassword(await as(fresh.accessToken), input))).toBe('passed');
    });

    it.each(['short', 'password1', 'aaaaaaaaaaaa'])(
      'checks the new password against the policy: not %s',
      async (newPassword) => {
        const person = await signUp(platform);
        const ctx = await as(person.accessToken);

        await expect(changePassword(ctx, { currentPassword: password, newPassword })).rejects.toMatchObject({
          code: 'validation_failed',
          details: { field: ['newPassword'] },
        });
        const asName = { currentPassword: password, newPassword: person.email.toUpperCase() };
        expect(await codeOf(changePassword(ctx, asName))).toBe('validation_failed');
        expect(await opens(person.email, password)).toBe('passed');
      },
    );

    it('refuses anonymous callers', async () => {
      const input = { currentPassword: password, newPassword: another };
      expect(await codeOf(changePassword(anonymous(platform), input))).toBe('unauthenticated');
    });

    it('lets nobody in who verified the old password just before', async () => {
      const person = await signUp(platform);
      const proven = await proveLogin(anonymous(platform), loginInput({ login: person.email }));

      await changePassword(await as(person.accessToken), { currentPassword: password, newPassword: another });

      const session = { deviceId: null, organizationId: null };
      const opened = writeThroughIdentityDoor(anonymous(platform), (unit) =>
        openLogin(unit, proven, session, fakeTransport()),
      );
      expect(await codeOf(opened)).toBe('invalid_credentials');
    });

    it('affects one account only, as signing in does, even if another was imported with the same hash', async () => {
      const [changing, entering, other] = [await signUp(platform), await signUp(platform), await signUp(platform)];
      const imported = await bcrypt(password, { cost: 4 });
      await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
        db
          .updateTable('credentials')
          .set({ password_hash: imported })
          .where(
            'user_id',
            'in',
            [changing, entering, other].map(({ user }) => user.id),
          )
          .execute(),
      );

      const input = { currentPassword: password, newPassword: another };
      expect(await codeOf(changePassword(await as(changing.accessToken), input))).toBe('passed');
      expect(await opens(entering.email, password)).toBe('passed');

      const { hash } = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('credentials')
          .select('password_hash as hash')
          .where('user_id', '=', other.user.id)
          .executeTakeFirstOrThrow(),
      );
      expect(hash).toBe(imported);
    });

    it('mails the owner, unless the account is inactive', async () => {
      const person = await signUp(platform);
      const mail = async () => identityMails['password_changed']?.(anonymous(platform), { userId: person.user.id });

      expect(await mail()).toMatchObject({ to: person.email });
      await deactivate(platform, person.user.id);
      expect(await mail()).toBeNull();
    });

    it('takes effect once when requested in parallel', async () => {
      const person = await signUp(platform);
      const ctx = await as(person.accessToken);
      const codes = await Promise.all(
        ['one', 'two', 'three'].map((word) =>
          codeOf(changePassword(ctx, { currentPassword: password, newPassword: `${word} battery staple` })),
        ),
      );
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
    });
  });

  describe('forgetting', () => {
    it('answers the same for every address', async () => {
      const { email } = await signUp(platform);
      for (const one of [email, email.toUpperCase(), 'nobody@example.com']) {
        expect(await forgotPassword(anonymous(platform), { email: one })).toEqual({ status: 'sent' });
        expect(await jobsAbout('reset_password', one)).toHaveLength(1);
      }
    });

    it('sends a mail with a token that works to active people only', async () => {
      const person = await signUp(platform, { fullName: '<b>Zoë</b>' });
      const [inactive, program] = [await signUp(platform), await signUp(platform)];
      await deactivate(platform, inactive.user.id);
      await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
        db.updateTable('users').set({ kind: 'service' }).where('id', '=', program.user.id).execute(),
      );
      const mailTo = async (email: string) => identityMails['reset_password']?.(anonymous(platform), { email });

      const mail = await mailTo(person.email);
      expect(mail).toMatchObject({ to: person.email, html: expect.stringContaining('&lt;b&gt;Zoë&lt;/b&gt;') });
      const token = /^[\w-]+\.\w+\.[\w-]+$/m.exec(mail?.text ?? '')?.[0] ?? '';
      expect(mail?.html).toContain(token);
      const bystander = await signUp(platform);
      expect(await reset(token)).toBe('passed');
      expect(await opens(bystander.email, password)).toBe('passed');
      for (const email of [inactive.email, program.email, 'nobody@example.com']) expect(await mailTo(email)).toBeNull();
      expect(await reset(await resetTokenOf(inactive))).toBe('validation_failed');
    });
  });

  describe('resetting', () => {
    it('sets the password, ends every session, and mails the owner', async () => {
      const person = await signUp(platform);
      const other = await signIn(platform, { login: person.email });

      expect(await reset(await resetTokenOf(person))).toBe('passed');

      expect(await opens(person.email, password)).toBe('invalid_credentials');
      expect(await opens(person.email, another)).toBe('passed');
      for (const { accessToken } of [person, other]) expect(await lives(accessToken)).toBe(false);
      expect(await jobsAbout('password_changed', person.user.id)).toHaveLength(1);
      expect(await events(person)).toMatchObject([
        { organization_id: null, actor_id: person.user.id, payload: { data: { by: 'mail' } } },
      ]);
    });

    it('verifies the address', async () => {
      const email = newEmail();
      const { user } = await register(anonymous(platform), { email, password });
      expect(await opens(email, password)).toBe(loginErrors.email_not_verified().code);

      expect(await reset(await resetTokenOf({ user }))).toBe('passed');

      expect(await opens(email, another)).toBe('passed');
    });

    it('accepts each token once, also in parallel, and within an hour', async () => {
      const person = await signUp(platform);
      const token = await resetTokenOf(person);
      const codes = await Promise.all(Array.from({ length: 5 }, () => reset(token)));
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
      expect(codes.filter((code) => code === 'validation_failed')).toHaveLength(4);

      const late = await resetTokenOf(person);
      clock.advance(hour);
      expect(await reset(late)).toBe('validation_failed');
    });

    it('refuses tokens from before a password change, of another user, and of another purpose', async () => {
      const [person, stranger] = [await signUp(platform), await signUp(platform)];
      const token = await resetTokenOf(person);
      await changePassword(await as(person.accessToken), { currentPassword: password, newPassword: another });
      expect(await reset(token, 'yet another staple')).toBe('validation_failed');

      const [, end, signed] = (await resetTokenOf(stranger)).split('.');
      const { verificationToken = '' } = await register(anonymous(platform), { email: newEmail(), password });
      for (const forged of [`${person.user.id}.${end}.${signed}`, verificationToken, `${token}x`, 'x', '..'])
        expect(await reset(forged)).toBe('validation_failed');
      expect(await opens(person.email, another)).toBe('passed');
    });

    it('checks the password against the policy, and does not use up the token for a bad one', async () => {
      const person = await signUp(platform);
      const token = await resetTokenOf(person);
      for (const bad of ['short', 'password1', person.email]) expect(await reset(token, bad)).toBe('validation_failed');
      expect(await reset(token)).toBe('passed');
    });

    it('lets the owner in after somebody locked them out by guessing', async () => {
      const [person, other] = [await signUp(platform, { username: `guessed-${dialect}` }), await signUp(platform)];
      for (let count = 0; count < 11; count++) await opens(person.email, 'wrong words');
      for (let count = 0; count < 11; count++) await opens(other.email, 'wrong words');
      expect(await opens(person.email, password)).toBe('rate_limited');

      await reset(await resetTokenOf(person));

      expect(await opens(person.email, another)).toBe('passed');
      expect(await opens(`guessed-${dialect}`, another)).toBe('passed');
      expect(await opens(other.email, password)).toBe('rate_limited');
    });
  });
});
