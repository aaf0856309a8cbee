import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { createApiKey, register, signInWithPasskey, updateApiKey } from '../tenancy/index.ts';
import {
  accountTokens,
  createTestPlatform,
  dialects,
  enrolPasskey,
  enrolTotp,
  TestAuthenticator,
  TestClock,
  type TestPlatform,
} from '../testing/index.ts';
import {
  anonymous,
  codeOf,
  contextOf,
  fakeTransport,
  newEmail,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../testing/people.ts';
import { makeAccountToken } from './account-token.ts';
import { changeEmail, confirmEmail, undoEmailChange } from './email-change.service.ts';
import { identityMails, identityTables } from './index.ts';
import { changeSubject } from './mail/email-change.mails.ts';
import { purgeEmailChanges } from './maintenance.ts';
import { installationRealm, UserIdentityEntity } from './oidc/oidc.entity.ts';
import { startPasskeySignIn } from './passkeys/passkey-sign-in.service.ts';
import { listPasskeys } from './passkeys/passkey.queries.ts';
import { enablePasskey } from './passkeys/passkey.service.ts';
import { resetPassword } from './password.service.ts';
import {
  confirmTotp,
  disableTotp,
  enableTotp,
  getSecondFactor,
  renewRecoveryCodes,
  startTotp,
} from './second-factor/totp.service.ts';
import { verificationTokenOf } from './mail/account.mails.ts';
import { verifyEmail } from './registration.service.ts';

const day = 86_400_000;

describe.each(dialects)('changing the address on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;
  let open: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    open = await createTestPlatform(dialect, { clock, settings: { requireVerifiedEmail: false } });
  });
  afterAll(async () => {
    await platform.dispose();
    await open.dispose();
  });

  const change = async (person: Pick<SignedUpPerson, 'ctx'>, email: string, currentPassword = password) =>
    changeEmail(await person.ctx('none'), { email, currentPassword });
  const tokensOf = ({ user }: Pick<SignedUpPerson, 'user'>, at = platform) => accountTokens(at, user.id);
  const confirm = (token: string) => confirmEmail(anonymous(platform), { token });
  const undo = (token: string) => undoEmailChange(anonymous(platform), { token });
  const opens = (login: string, withPassword = password) => codeOf(signIn(platform, { login, password: withPassword }));
  const lives = async ({ accessToken }: SignedUpPerson) =>
    (await codeOf(contextOf(platform, accessToken, 'none'))) === 'passed';
  const latestChange = async ({ user }: Pick<SignedUpPerson, 'user'>, at = platform) => {
    const latest = await readThroughSystemDoor(at.database, (db) =>
      db
        .selectFrom('email_changes')
        .select('id')
        .where('user_id', '=', user.id)
        .orderBy('id', 'desc')
        .executeTakeFirst(),
    );
    return latest?.id ?? '';
  };
  const mailsOf = async (person: Pick<SignedUpPerson, 'user'>, at = platform) => {
    const payload = { changeId: await latestChange(person, at) };
    return {
      confirm: await identityMails['confirm_email']?.(anonymous(at), payload),
      undo: await identityMails['undo_email']?.(anonymous(at), payload),
    };
  };
  const changed = async () => {
    const person = await signUp(platform);
    const email = newEmail();
    await change(person, email);
    return { person, email, tokens: await tokensOf(person) };
  };

  it('takes effect when the new address confirms, and mails both addresses', async () => {
    const { person, email, tokens } = await changed();
    expect(await opens(person.email)).toBe('passed');
    expect(await opens(email)).toBe('invalid_credentials');
    const mails = await mailsOf(person);
    expect(mails.confirm).toMatchObject({ to: email, text: expect.stringContaining(tokens.confirm) });
    expect(mails.undo).toMatchObject({ to: person.email, text: expect.stringContaining(tokens.undo) });
    expect(mails.undo?.text).toContain(email);
    clock.advance(1000);

    const { user } = await confirm(tokens.confirm);

    expect(user).toMatchObject({ id: person.user.id, email, emailVerifiedAt: clock.now().toISOString() });
    expect(await opens(email.toUpperCase())).toBe('passed');
    expect(await opens(person.email)).toBe('invalid_credentials');
    const events = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.organization_id', 'event_payloads.payload'])
        .where('events.entity_id', '=', person.user.id)
        .where('events.type', 'like', 'user.email_change%')
        .orderBy('events.id')
        .execute(),
    );
    expect(events).toMatchObject([
      { type: 'user.email_change_requested', organization_id: null, payload: { data: { to: email } } },
      {
        type: 'user.email_changed',
        organization_id: null,
        payload: { changes: { email: { from: person.email, to: email } } },
      },
    ]);
  });

  it('needs the password and a different address', async () => {
    const person = await signUp(platform);

    expect(await codeOf(change(person, newEmail(), 'wrong words'))).toBe('validation_failed');
    expect(await codeOf(change(person, person.email.toUpperCase()))).toBe('validation_failed');
    const input = { email: newEmail(), currentPassword: password };
    expect(await codeOf(changeEmail(anonymous(platform), input))).toBe('unauthenticated');
    expect(await tokensOf(person)).toMatchObject({ confirm: '', undo: '' });
  });

  it('sends one address at most five mails an hour', async () => {
    const person = await signUp(platform);
    const email = newEmail();
    for (let count = 0; count < 5; count++) expect(await codeOf(change(person, email))).toBe('passed');
    const { confirm: last } = await tokensOf(person);
    expect(await codeOf(change(person, email))).toBe('rate_limited');
    expect((await tokensOf(person)).confirm).toBe(last);
  });

  it('does not reveal whether somebody has the address, and takes it from nobody', async () => {
    const [person, owner] = [await signUp(platform), await signUp(platform)];

    expect(await change(person, owner.email)).toEqual({ status: 'sent' });

    expect((await mailsOf(person)).confirm).toBeNull();
    expect(await codeOf(confirm((await tokensOf(person)).confirm))).toBe('email_taken');
    expect(await opens(owner.email)).toBe('passed');
    expect(await opens(person.email)).toBe('passed');
  });

  it('is valid only while the account has the address from which it started', async () => {
    const { person, tokens } = await changed();
    const moved = newEmail();
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('users').set({ email: moved, email_key: moved }).where('id', '=', person.user.id).execute(),
    );
    expect(await codeOf(confirm(tokens.confirm))).toBe('validation_failed');
  });

  it('accepts each token once, within a day, and only the latest', async () => {
    const { person, tokens } = await changed();
    const latest = newEmail();
    await change(person, latest);
    const { confirm: token } = await tokensOf(person);

    expect(await codeOf(confirm(tokens.confirm))).toBe('validation_failed');
    expect(await codeOf(confirm(tokens.undo))).toBe('validation_failed');
    expect(await codeOf(confirm(`${token}x`))).toBe('validation_failed');
    expect((await confirm(token)).user.email).toBe(latest);
    expect(await codeOf(confirm(token))).toBe('validation_failed');
    const { tokens: late } = await changed();
    clock.advance(day);
    expect(await codeOf(confirm(late.confirm))).toBe('validation_failed');
  });

  it('is undone from the old address: the password is deleted, sessions end, and a mail to set a new one follows', async () => {
    const { person, email, tokens } = await changed();
    await confirm(tokens.confirm);
    await change(person, newEmail());
    const later = await tokensOf(person);
    await confirm(later.confirm);
    clock.advance(6 * day);
    const bystander = await changed();
    await changed();

    const { user } = await undo(tokens.undo);

    expect(await opens(bystander.person.email)).toBe('passed');
    expect((await confirm(bystander.tokens.confirm)).user.email).toBe(bystander.email);
    expect(user).toMatchObject({ email: person.email, emailVerifiedAt: clock.now().toISOString() });
    for (const login of [person.email, email]) expect(await opens(login)).toBe('invalid_credentials');
    // The address in between is free again.
    expect(await codeOf(register(anonymous(platform), { email, password }))).toBe('passed');
    expect(await lives(person)).toBe(false);
    for (const spent of [tokens.undo, later.undo]) expect(await codeOf(undo(spent))).toBe('validation_failed');
    const jobs = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('jobs').select('payload').execute(),
    );
    expect(jobs.map(({ payload }) => payload)).toContainEqual({ template: 'reset_password', email: person.email });
    const { reset } = await tokensOf(person);
    await resetPassword(anonymous(platform), { token: reset, password: 'another battery staple' });
    expect(await opens(person.email, 'another battery staple')).toBe('passed');
  });

  it('leaves an earlier change, which can then be undone too', async () => {
    const { person, email, tokens } = await changed();
    await confirm(tokens.confirm);
    clock.advance(1000);
    await change(person, newEmail());
    expect(await codeOf(register(anonymous(platform), { email: person.email, password }))).toBe('email_taken');
    const later = await tokensOf(person);
    await confirm(later.confirm);

    expect((await undo(later.undo)).user.email).toBe(email);
    expect((await undo(tokens.undo)).user.email).toBe(person.email);
  });

  it('can be undone before it is confirmed, and then no longer be confirmed', async () => {
    const { person, tokens } = await changed();

    await undo(tokens.undo);

    expect(await codeOf(confirm(tokens.confirm))).toBe('validation_failed');
    expect((await mailsOf(person)).undo).toBeNull();
    expect(await opens(person.email)).toBe('invalid_credentials');
  });

  describe('that is undone', () => {
    /** Somebody whose account a thief has taken over, and added to everything by which one signs in. */
    const robbed = async () => {
      const person = await signUp(platform, { organizationName: 'Robbed' });
      const own = new TestAuthenticator();
      await enrolPasskey(platform, person.user.id, own);
      const keep = await createApiKey(await person.ctx('required'), apiKey('Own'));
      clock.advance(1000);
      await change(person, newEmail());
      const tokens = await tokensOf(person);
      await confirm(tokens.confirm);
      clock.advance(1000);
      const thief = new TestAuthenticator();
      const passkeyId = await enrolPasskey(platform, person.user.id, thief);
      const app = await enrolTotp(platform, person.user.id);
      const { id: keyId, secret } = await createApiKey(await person.ctx('required'), apiKey('https://evil.example'));
      return { person, tokens, own, thief, app, passkeyId, keep: keep.secret, keyId, secret };
    };
    const apiKey = (name: string) => ({ name, scopes: ['task:read' as const], expiresAt: null });
    const signsIn = async (authenticator: TestAuthenticator) => {
      const { challengeToken, options } = await startPasskeySignIn(anonymous(platform), {});
      const response = authenticator.get(options);
      const input = { challengeToken, response, tokenTransport: 'body' as const };
      return codeOf(signInWithPasskey(anonymous(platform), input, fakeTransport()));
    };
    /** The owner sets a new password and signs in. */
    const back = async ({ user, email }: SignedUpPerson) => {
      const { reset } = await tokensOf({ user });
      await resetPassword(anonymous(platform), { token: reset, password: 'another battery staple' });
      const { accessToken } = await signIn(platform, { login: email, password: 'another battery staple' });
      return (need: 'none' | 'required' = 'none') => contextOf(platform, accessToken, need);
    };
    const proof = { password: 'another battery staple' };
    /** Adds a passkey, an identity and an app with recovery codes to an account. */
    const addAll = async ({ user }: SignedUpPerson) => {
      await enrolPasskey(platform, user.id);
      await writeThroughIdentityDoor(anonymous(platform), (unit) =>
        unit.insert(UserIdentityEntity, {
          id: uuidv7(),
          userId: user.id,
          realm: installationRealm,
          issuer: 'https://issuer.example',
          subject: user.id,
          createdAt: unit.now,
          lastUsedAt: unit.now,
        }),
      );
      await enrolTotp(platform, user.id);
    };
    /** The rows of the tables that undoing a change may disable or delete. */
    const additionsOf = (...people: SignedUpPerson[]) =>
      readThroughSystemDoor(platform.database, async (db) => {
        const ids = people.map(({ user }) => user.id);
        return {
          passkeys: await db.selectFrom('passkeys').selectAll().where('user_id', 'in', ids).orderBy('id').execute(),
          identities: await db
            .selectFrom('user_identities')
            .selectAll()
            .where('user_id', 'in', ids)
            .orderBy('id')
            .execute(),
          apps: await db
            .selectFrom('totp_credentials')
            .selectAll()
            .where('user_id', 'in', ids)
            .orderBy('user_id')
            .execute(),
          codes: await db
            .selectFrom('recovery_codes')
            .selectAll()
            .where('user_id', 'in', ids)
            .orderBy('hash')
            .execute(),
        };
      });
    /** What each undone change of an account has disabled, by its events. */
    const disabledOf = async ({ user }: SignedUpPerson) => {
      const events = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('events')
          .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
          .select('event_payloads.payload')
          .where('events.entity_id', '=', user.id)
          .where('events.type', '=', 'user.email_change_undone')
          .orderBy('events.id')
          .execute(),
      );
      return events.map(({ payload }) => payload.data?.['disabled']);
    };

    it('disables what was added since, and nothing older', async () => {
      const { person, tokens, own, thief, app, keep, secret } = await robbed();
      expect(await signsIn(thief)).toBe('passed');

      await undo(tokens.undo);

      expect(await signsIn(thief)).toBe('passkey_failed');
      expect(await signsIn(own)).toBe('passed');
      expect(await codeOf(contextOf(platform, secret, 'required'))).toBe('unauthenticated');
      expect(await codeOf(contextOf(platform, keep, 'required'))).toBe('passed');
      // The owner is not asked for the codes of the thief's app.
      const owner = await back(person);
      expect(await getSecondFactor(await owner())).toEqual({
        totpEnabledAt: null,
        totpDisabledAt: clock.now().toISOString(),
        recoveryCodesLeft: 0,
        passkeys: 1,
      });
      expect(app.recoveryCodes).toHaveLength(10);
      const { data } = await listPasskeys(await owner(), { sort: 'createdAt', limit: 10, total: false });
      expect(data.map(({ disabledAt }) => disabledAt !== null)).toEqual([false, true]);
    });

    it('leaves what is older than the change, and what other users have', async () => {
      const [person, other, pending] = [await signUp(platform), await signUp(platform), await signUp(platform)];
      await addAll(person);
      clock.advance(1000);
      await change(person, newEmail());
      clock.advance(1000);
      await addAll(other);
      await enrolTotp(platform, pending.user.id, { pending: true });
      const before = await additionsOf(person, other, pending);

      await undo((await tokensOf(person)).undo);

      expect(await additionsOf(person, other, pending)).toEqual(before);
      expect(await disabledOf(person)).toEqual([[]]);
    });

    it('leaves what an earlier undo has disabled', async () => {
      const { person, tokens } = await changed();
      await confirm(tokens.confirm);
      clock.advance(1000);
      await change(person, newEmail());
      const later = await tokensOf(person);
      await addAll(person);
      await undo(later.undo);
      const before = await additionsOf(person);
      clock.advance(1000);

      await undo(tokens.undo);

      expect(await additionsOf(person)).toEqual(before);
      const kinds = ['passkey', 'identity', 'totp'].map((kind) => expect.objectContaining({ kind }));
      expect(await disabledOf(person)).toEqual([kinds, []]);
    });

    it('deals with every table of a user', () => {
      const dealt = {
        credentials: 'deleted',
        email_changes: 'later ones are undone',
        oidc_sessions: 'end with their sessions',
        passkeys: 'disabled',
        recovery_codes: 'disabled with the app, or deleted',
        refresh_tokens: 'end with their sessions',
        sessions: 'ended',
        sign_in_challenges: 'bound to the deleted password, or answered by a passkey',
        totp_credentials: 'disabled',
        user_identities: 'disabled',
      };
      const owned = identityTables.filter(({ entity }) => 'userId' in entity.meta.properties);

      expect(owned.map(({ entity }) => entity.meta.tableName).toSorted()).toEqual(Object.keys(dealt));
    });

    it('lists in a mail and in the event what it has disabled, without links', async () => {
      const { person, tokens } = await robbed();
      await undo(tokens.undo);

      const disabled = [
        { kind: 'passkey', name: 'Passkey' },
        { kind: 'totp', name: null },
        { kind: 'api_key', name: 'https://evil.example' },
      ];
      const [payload] = await readThroughSystemDoor(platform.database, async (db) => {
        const jobs = await db.selectFrom('jobs').select('payload').where('kind', '=', 'mail.send').execute();
        return jobs
          .map((job) => job.payload)
          .filter(({ template, userId }) => template === 'email_change_undone' && userId === person.user.id);
      });
      expect(payload).toMatchObject({ disabled });
      const mail = await identityMails['email_change_undone']?.(anonymous(platform), payload ?? {});
      expect(mail).toMatchObject({ to: person.email });
      expect(mail?.text).toContain('- passkey Passkey\n- authenticator app\n- API key https: //evil. example');
      expect(await disabledOf(person)).toEqual([disabled]);
    });

    it('lets the owner enable again what was theirs', async () => {
      const { person, tokens, thief, app, passkeyId, keyId, secret } = await robbed();
      await undo(tokens.undo);
      const owner = await back(person);

      expect(await codeOf(enablePasskey(await owner(), { passkeyId: passkeyId }))).toBe('identity_not_proven');
      expect(await codeOf(enablePasskey(await owner(), { passkeyId: passkeyId, code: app.code() }))).toBe(
        'identity_not_proven',
      );
      expect(await enablePasskey(await owner(), { passkeyId: passkeyId, ...proof })).toMatchObject({
        disabledAt: null,
      });
      expect(await codeOf(enableTotp(await owner(), {}))).toBe('identity_not_proven');
      expect(await codeOf(enableTotp(await owner(), { password: 'wrong words' }))).toBe('identity_not_proven');
      await enableTotp(await owner(), proof);
      await updateApiKey(await owner('required'), { id: keyId, isActive: true });

      expect(await signsIn(thief)).toBe('passed');
      expect(await opens(person.email, proof.password)).toBe('second_factor_required');
      expect(await getSecondFactor(await owner())).toMatchObject({ totpDisabledAt: null, recoveryCodesLeft: 10 });
      expect(await codeOf(contextOf(platform, secret, 'required'))).toBe('passed');
    });

    it('lets the owner set up another app, or delete the disabled one', async () => {
      const { person, tokens } = await robbed();
      await undo(tokens.undo);
      const owner = await back(person);

      expect(await codeOf(confirmTotp(await owner(), { code: '123456' }))).toBe('totp_not_started');
      await disableTotp(await owner(), proof);
      expect(await codeOf(enableTotp(await owner(), proof))).toBe('totp_not_enabled');
      expect(await startTotp(await owner(), proof)).toMatchObject({ secret: expect.any(String) });
    });

    it('deletes the recovery codes that were made since for an older app', async () => {
      const person = await signUp(platform);
      await enrolTotp(platform, person.user.id);
      clock.advance(1000);
      await change(person, newEmail());
      const tokens = await tokensOf(person);
      await renewRecoveryCodes(await person.ctx('none'), { password });

      await undo(tokens.undo);

      const left = await readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('recovery_codes').select('hash').where('user_id', '=', person.user.id).execute(),
      );
      expect(left).toEqual([]);
      await resetPassword(anonymous(platform), { token: (await tokensOf(person)).reset, ...proof });
      expect(await opens(person.email, proof.password)).toBe('second_factor_required');
    });

    it('leaves no session to a passkey that signs in at the same time', async () => {
      const { tokens, thief, person } = await robbed();
      const starts = await Promise.all(Array.from({ length: 4 }, () => startPasskeySignIn(anonymous(platform), {})));
      const sign = starts.map(async ({ challengeToken, options }) => {
        const input = { challengeToken, response: thief.get(options), tokenTransport: 'body' as const };
        return signInWithPasskey(anonymous(platform), input, fakeTransport()).catch(() => null);
      });

      await Promise.all([...sign, undo(tokens.undo)]);

      const active = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', person.user.id)
          .where('revoked_at', 'is', null)
          .execute(),
      );
      expect(active).toEqual([]);
    });
  });

  it('can be undone within 7 days, while nobody else can register with the old address', async () => {
    const { person, tokens } = await changed();
    await confirm(tokens.confirm);
    const squat = () => register(anonymous(platform), { email: person.email.toUpperCase(), password });
    const other = await signUp(platform);
    await change(other, person.email);

    expect(await codeOf(squat())).toBe('email_taken');
    expect(await codeOf(confirm((await tokensOf(other)).confirm))).toBe('email_taken');
    await change(person, person.email);
    expect((await confirm((await tokensOf(person)).confirm)).user.email).toBe(person.email);
    const { person: late, tokens: lost } = await changed();
    await confirm(lost.confirm);
    clock.advance(7 * day);
    expect(await codeOf(undo(lost.undo))).toBe('validation_failed');
    expect(await codeOf(register(anonymous(platform), { email: late.email, password }))).toBe('passed');
  });

  it('sends no undo mail to an unverified address, which may belong to a stranger', async () => {
    const email = newEmail();
    const { user } = await register(anonymous(open), { email, password });
    const { accessToken } = await signIn(open, { login: email });
    const person = { user, ctx: () => contextOf(open, accessToken, 'none') };

    await change(person, newEmail());

    const mails = await mailsOf(person, open);
    expect(mails.undo).toBeNull();
    expect(mails.confirm).not.toBeNull();
    expect(await tokensOf(person, open)).toMatchObject({ undo: '' });
    const subject = changeSubject(await latestChange(person, open));
    const forged = makeAccountToken(open.settings, 'undo-email', subject, new Date(clock.now().getTime() + day));
    expect(await codeOf(undoEmailChange(anonymous(open), { token: forged }))).toBe('validation_failed');
  });

  it('makes tokens for the old address invalid', async () => {
    const email = newEmail();
    const { user } = await register(anonymous(open), { email, password });
    const { accessToken } = await signIn(open, { login: email });
    const [verification, { reset }] = [verificationTokenOf(anonymous(open), user), await tokensOf({ user }, open)];
    await change({ ctx: () => contextOf(open, accessToken, 'none') }, newEmail());
    await confirmEmail(anonymous(open), { token: (await tokensOf({ user }, open)).confirm });

    expect(await codeOf(verifyEmail(anonymous(open), { token: verification }))).toBe('validation_failed');
    const again = { token: reset, password: 'another battery staple' };
    expect(await codeOf(resetPassword(anonymous(open), again))).toBe('validation_failed');
  });

  it('is deleted once nobody can undo it', async () => {
    const { person, tokens } = await changed();
    await confirm(tokens.confirm);
    clock.advance(7 * day - 1);
    await purgeEmailChanges(anonymous(platform));
    expect((await tokensOf(person)).undo).not.toBe('');

    clock.advance(2);
    await purgeEmailChanges(anonymous(platform));

    expect((await tokensOf(person)).undo).toBe('');
  });

  it('is refused for inactive users', async () => {
    const { person, tokens } = await changed();
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('users').set({ is_active: false }).where('id', '=', person.user.id).execute(),
    );

    expect(await codeOf(confirm(tokens.confirm))).toBe('validation_failed');
    expect(await codeOf(undo(tokens.undo))).toBe('validation_failed');
    expect(await mailsOf(person)).toEqual({ confirm: null, undo: null });
  });
});
