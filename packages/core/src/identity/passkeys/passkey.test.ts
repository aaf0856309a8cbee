import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { DomainError } from '../../kernel/errors.ts';
import { signInWithPasskey, verifySecondFactor } from '../../tenancy/index.ts';
import {
  createTestPlatform,
  dialects,
  disableAdded,
  enrolPasskey,
  enrolTotp,
  TestClock,
  type TestPlatform,
} from '../../testing/index.ts';
import { type Tampering, TestAuthenticator } from '../../testing/authenticator.ts';
import {
  anonymous,
  codeOf,
  codesOf,
  contextOf,
  fakeTransport,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../../testing/people.ts';
import { getSecondFactor } from '../second-factor/totp.service.ts';
import { getPasskey, listPasskeys } from './passkey.queries.ts';
import { Passkey, PasskeySignInStarted, PasskeyStarted } from './passkey.schema.ts';
import { addPasskey, deletePasskey, enablePasskey, startPasskey, updatePasskey } from './passkey.service.ts';
import {
  openPasskeyLogin,
  type PasskeyLogin,
  provePasskeyLogin,
  startPasskeySignIn,
} from './passkey-sign-in.service.ts';

const minute = 60_000;
const page = { limit: 50, total: true, sort: '-createdAt' } as const;

describe.each(dialects)('passkeys on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, {
      clock,
      settings: { corsOrigins: ['https://app.localhost:5173', 'https://elsewhere.example'] },
    });
  });
  afterAll(() => platform.dispose());

  const as = (person: SignedUpPerson) => person.ctx('none');

  async function register(
    person: SignedUpPerson,
    authenticator: TestAuthenticator,
    tampering: Tampering = {},
    name?: string,
  ) {
    const { challengeToken, options } = await startPasskey(await as(person), { password });
    const response = authenticator.create(options, tampering);
    return addPasskey(await as(person), { challengeToken, response, ...(name === undefined ? {} : { name }) });
  }

  async function withPasskey(authenticator = new TestAuthenticator()) {
    const person = await signUp(platform);
    const passkey = await register(person, authenticator, {}, 'Laptop');
    return { person, passkey, authenticator };
  }

  const begin = () => startPasskeySignIn(anonymous(platform), {});
  const finish = (challengeToken: string, response: ReturnType<TestAuthenticator['get']>) =>
    signInWithPasskey(
      anonymous(platform),
      { challengeToken, response, deviceId: 'phone', tokenTransport: 'body' },
      fakeTransport(),
    );
  const enter = async (authenticator: TestAuthenticator, tampering: Tampering = {}) => {
    const { challengeToken, options } = await begin();
    return finish(challengeToken, authenticator.get(options, tampering));
  };

  const eventsOf = (userId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actorId', 'events.organization_id as organizationId', 'payload'])
        .where('events.entity_id', '=', userId)
        .where('events.type', 'like', 'user.passkey_%')
        .orderBy('events.id')
        .execute(),
    );

  describe('are registered', () => {
    it('by the signed-in user, with answers that match the schemas', async () => {
      const person = await signUp(platform);
      const started = await startPasskey(await as(person), { password });
      expect(PasskeyStarted.parse(started)).toEqual(started);
      expect(started.options).toMatchObject({
        rp: { id: 'localhost' },
        user: { id: Buffer.from(person.user.id).toString('base64url'), name: person.email },
        excludeCredentials: [],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      const authenticator = new TestAuthenticator();
      const response = authenticator.create(started.options);
      const passkey = await addPasskey(await as(person), { challengeToken: started.challengeToken, response });

      expect(Passkey.strict().parse(passkey)).toEqual(passkey);
      expect(passkey).toMatchObject({ name: 'Passkey', isBackedUp: true, lastUsedAt: null });
      expect(await getPasskey(await as(person), { id: passkey.id })).toEqual(passkey);
      expect(await listPasskeys(await as(person), page)).toEqual({ data: [passkey], nextCursor: null, total: 1 });
      expect(await getSecondFactor(await as(person))).toMatchObject({ passkeys: 1 });
      const next = await startPasskey(await as(person), { password });
      expect(next.options.excludeCredentials).toEqual([
        { id: authenticator.credentialId, type: 'public-key', transports: ['internal', 'hybrid'] },
      ]);
      expect(await eventsOf(person.user.id)).toMatchObject([
        {
          type: 'user.passkey_added',
          actorId: person.user.id,
          organizationId: null,
          payload: { data: { passkeyId: passkey.id, name: 'Passkey' } },
        },
      ]);
    });

    it('only after a proof that the thief of a session lacks', async () => {
      const person = await signUp(platform);
      expect(await codeOf(startPasskey(await as(person), {}))).toBe('identity_not_proven');
      expect(await codeOf(startPasskey(await as(person), { password: 'wrong words' }))).toBe('identity_not_proven');
    });

    it.each<[string, Tampering]>([
      ['another challenge', { challenge: Buffer.from('another').toString('base64url') }],
      ['a page of another site', { origin: 'https://elsewhere.example' }],
      ['a page that is not allowed', { origin: 'https://other.localhost:5173' }],
      ['another relying party', { rpId: 'elsewhere.example' }],
      ['an unverified user', { userVerified: false }],
      ['a forged attestation', { forged: true }],
    ])('not for %s', async (_what, tampering) => {
      const person = await signUp(platform);
      expect(await codeOf(register(person, new TestAuthenticator(), tampering))).toBe('validation_failed');
      expect(await listPasskeys(await as(person), page)).toMatchObject({ total: 0 });
    });

    it('from a page of the same site', async () => {
      const authenticator = new TestAuthenticator('https://app.localhost:5173');
      await withPasskey(authenticator);
      expect(await codeOf(enter(authenticator))).toBe('passed');
    });

    it('once per challenge, in time, by the user who got it', async () => {
      const [person, other] = [await signUp(platform), await signUp(platform)];
      const { challengeToken, options } = await startPasskey(await as(person), { password });
      const add = async (who: SignedUpPerson) =>
        codeOf(addPasskey(await as(who), { challengeToken, response: new TestAuthenticator().create(options) }));
      expect(await add(other)).toBe('invalid_challenge');
      expect(await add(person)).toBe('passed');
      expect(await add(person)).toBe('invalid_challenge');
      const late = await startPasskey(await as(person), { password });
      clock.advance(5 * minute);
      const response = new TestAuthenticator().create(late.options);
      expect(await codeOf(addPasskey(await as(person), { challengeToken: late.challengeToken, response }))).toBe(
        'invalid_challenge',
      );
    });

    it('once, for one user', async () => {
      const { authenticator } = await withPasskey();
      expect(await codeOf(register(await signUp(platform), authenticator))).toBe('passkey_taken');
    });

    it('at most twenty times', async () => {
      const person = await signUp(platform);
      const begun: PasskeyStarted[] = [];
      for (let count = 0; count < 22; count++) begun.push(await startPasskey(await as(person), { password }));
      const outcomes: string[] = [];
      for (const { challengeToken, options } of begun) {
        const response = new TestAuthenticator().create(options);
        outcomes.push(await codeOf(addPasskey(await as(person), { challengeToken, response })));
      }
      expect(outcomes.filter((outcome) => outcome === 'passed')).toHaveLength(20);
      expect(outcomes.slice(20)).toEqual(['too_many_passkeys', 'too_many_passkeys']);
      expect(await codeOf(startPasskey(await as(person), { password }))).toBe('too_many_passkeys');
    });
  });

  describe('belong to one user', () => {
    it('who alone renames and deletes them', async () => {
      const [{ person, passkey, authenticator }, { person: stranger }] = [await withPasskey(), await withPasskey()];
      const { id } = passkey;
      expect(await codeOf(getPasskey(await as(stranger), { id }))).toBe('passkey_not_found');
      expect(await codeOf(updatePasskey(await as(stranger), { id, name: 'Mine' }))).toBe('passkey_not_found');
      expect(await codeOf(deletePasskey(await as(stranger), { id }))).toBe('passkey_not_found');

      expect(await updatePasskey(await as(person), { id, name: 'Blue key' })).toEqual({ ...passkey, name: 'Blue key' });
      expect(await updatePasskey(await as(person), { id, name: 'Blue key' })).toMatchObject({ name: 'Blue key' });
      const twice = [await as(person), await as(person)];
      const codes = await Promise.all(twice.map((ctx) => codeOf(deletePasskey(ctx, { id }))));

      expect(codes.toSorted()).toEqual(['passed', 'passkey_not_found']);
      expect(await codeOf(enter(authenticator))).toBe('passkey_failed');
      expect((await eventsOf(person.user.id)).map(({ type }) => type)).toEqual([
        'user.passkey_added',
        'user.passkey_renamed',
        'user.passkey_removed',
      ]);
    });

    it('and anonymous callers are refused', async () => {
      const nobody = anonymous(platform);
      const id = nobody.requestId;
      const response = new TestAuthenticator().create({ challenge: 'x', rp: { id: 'x' }, user: { id: 'x' } });
      const codes = await codesOf([
        startPasskey(nobody, {}),
        addPasskey(nobody, { challengeToken: 'x', response }),
        listPasskeys(nobody, page),
        getPasskey(nobody, { id }),
        updatePasskey(nobody, { id, name: 'x' }),
        enablePasskey(nobody, { passkeyId: id }),
        deletePasskey(nobody, { id }),
      ]);
      expect(codes).toEqual(['unauthenticated']);
    });
  });

  describe('sign in', () => {
    it('without a password and without a name', async () => {
      const { person, passkey, authenticator } = await withPasskey();
      const started = await begin();
      expect(PasskeySignInStarted.parse(started)).toEqual(started);
      expect(started.options).toMatchObject({ rpId: 'localhost', allowCredentials: [], userVerification: 'required' });
      clock.advance(minute);

      const signedIn = await finish(started.challengeToken, authenticator.get(started.options));

      expect(signedIn).toMatchObject({ tokenType: 'Bearer', user: { id: person.user.id } });
      const ctx = await contextOf(platform, signedIn.accessToken, 'none');
      expect(ctx.principal?.userId).toBe(person.user.id);
      expect(await getPasskey(ctx, { id: passkey.id })).toMatchObject({ lastUsedAt: clock.now().toISOString() });
    });

    it('without the app that a password would need', async () => {
      const { person, authenticator } = await withPasskey();
      await enrolTotp(platform, person.user.id);
      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('second_factor_required');
      expect(await codeOf(enter(authenticator))).toBe('passed');
    });

    it.each<[string, Tampering]>([
      ['a forged signature', { forged: true }],
      ['another challenge', { challenge: Buffer.from('another').toString('base64url') }],
      ['a page of another site', { origin: 'https://elsewhere.example' }],
      ['another relying party', { rpId: 'elsewhere.example' }],
      ['an unverified user', { userVerified: false }],
      ['a counter that stands still', { signCount: 1 }],
      ['the name of somebody else', { userHandle: Buffer.from('somebody').toString('base64url') }],
    ])('not with %s', async (_what, tampering) => {
      const { person, authenticator } = await withPasskey();
      expect(await codeOf(enter(authenticator, tampering))).toBe('passkey_failed');
      expect((await eventsOf(person.user.id)).at(-1)).toMatchObject({
        type: 'user.passkey_failed',
        actorId: null,
        payload: { data: { address: '192.0.2.1' } },
      });
      expect(await codeOf(enter(authenticator))).toBe('passed');
    });

    it('not after the counter reveals that the key was copied', async () => {
      const { authenticator } = await withPasskey();
      expect(await codeOf(enter(authenticator, { signCount: 4_000_000_000 }))).toBe('passed');
      expect(await codeOf(enter(authenticator))).toBe('passkey_failed');
      expect(await codeOf(enter(authenticator, { signCount: 4_000_000_001 }))).toBe('passed');
    });

    it('not when the key was used elsewhere or deleted after its answer was verified', async () => {
      const { person, passkey, authenticator } = await withPasskey();
      const prove = async () => {
        const { challengeToken, options } = await begin();
        const response = authenticator.get(options);
        return provePasskeyLogin(anonymous(platform), { challengeToken, response, tokenTransport: 'body' });
      };
      const session = { deviceId: null, organizationId: null };
      const open = (proven: PasskeyLogin) =>
        codeOf(
          writeThroughIdentityDoor(anonymous(platform), (unit) =>
            openPasskeyLogin(unit, proven, session, fakeTransport()),
          ),
        );
      const [here, elsewhere] = [await prove(), await prove()];
      expect([await open(elsewhere), await open(here)]).toEqual(['passed', 'passkey_failed']);
      const last = await prove();
      await deletePasskey(await as(person), { id: passkey.id });
      expect(await open(last)).toBe('passkey_failed');
    });

    it('with keys that never count', async () => {
      const { authenticator } = await withPasskey(new TestAuthenticator(undefined, { counts: false }));
      expect(await codeOf(enter(authenticator))).toBe('passed');
      expect(await codeOf(enter(authenticator))).toBe('passed');
    });

    it('not after five wrong answers', async () => {
      const { authenticator } = await withPasskey();
      const { challengeToken, options } = await begin();
      for (let count = 0; count < 5; count++)
        expect(await codeOf(finish(challengeToken, authenticator.get(options, { forged: true })))).toBe(
          'passkey_failed',
        );
      expect(await codeOf(finish(challengeToken, authenticator.get(options)))).toBe('invalid_challenge');
    });

    it('not with a disabled key, whose answers count as wrong ones', async () => {
      const { person, authenticator } = await withPasskey();
      await disableAdded(platform, person.user.id);
      const { challengeToken, options } = await begin();
      const outcomes: string[] = [];
      for (let count = 0; count < 6; count++)
        outcomes.push(await codeOf(finish(challengeToken, authenticator.get(options))));
      expect(outcomes).toEqual([...Array.from({ length: 5 }, () => 'passkey_failed'), 'invalid_challenge']);
    });

    it('not with an unknown key', async () => {
      const authenticator = new TestAuthenticator();
      expect(await codeOf(enter(authenticator))).toBe('passkey_failed');
    });

    it('once per challenge, also in parallel, and in time', async () => {
      const { authenticator } = await withPasskey(new TestAuthenticator(undefined, { counts: false }));
      const { challengeToken, options } = await begin();
      const response = authenticator.get(options);
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => codeOf(finish(challengeToken, response))));
      expect(outcomes.toSorted()).toEqual(['invalid_challenge', 'invalid_challenge', 'invalid_challenge', 'passed']);
      expect(await codeOf(finish(challengeToken, response))).toBe('invalid_challenge');
      const late = await begin();
      clock.advance(5 * minute);
      expect(await codeOf(finish(late.challengeToken, authenticator.get(late.options)))).toBe('invalid_challenge');
    });

    it('not to an inactive account, or one without a verified address', async () => {
      const { person, authenticator } = await withPasskey();
      const change = (set: { is_active: boolean } | { email_verified_at: null }) =>
        writeThroughSystemDoor(anonymous(platform), (unit) =>
          unit.db.updateTable('users').set(set).where('id', '=', person.user.id).execute(),
        );
      await change({ is_active: false });
      expect(await codeOf(enter(authenticator))).toBe('passkey_failed');
      await change({ is_active: true });
      await change({ email_verified_at: null });
      expect(await codeOf(enter(authenticator))).toBe('email_not_verified');
    });
  });

  describe('replace a code of the app', () => {
    async function challengeFor(person: SignedUpPerson) {
      await enrolTotp(platform, person.user.id);
      const error: unknown = await signIn(platform, { login: person.email }).catch((thrown: unknown) => thrown);
      if (!(error instanceof DomainError) || !error.details.challenge) throw error;
      return error.details.challenge;
    }
    async function asked() {
      const { person, authenticator } = await withPasskey();
      return { person, authenticator, challenge: await challengeFor(person) };
    }
    const answer = (challengeToken: string, passkey: ReturnType<TestAuthenticator['get']>) =>
      verifySecondFactor(anonymous(platform), { challengeToken, passkey, tokenTransport: 'body' }, fakeTransport());

    it('after the password', async () => {
      const { person, authenticator, challenge } = await asked();
      expect(challenge.methods).toEqual(['totp', 'recovery_code', 'passkey']);
      const started = await startPasskeySignIn(anonymous(platform), { challengeToken: challenge.token });
      expect(started).toMatchObject({ challengeToken: challenge.token, expiresAt: challenge.expiresAt });
      expect(started.options.allowCredentials).toMatchObject([{ id: authenticator.credentialId }]);

      const forged = authenticator.get(started.options, { forged: true });
      expect(await codeOf(answer(challenge.token, forged))).toBe('passkey_failed');
      const { user } = await answer(challenge.token, authenticator.get(started.options));

      expect(user.id).toBe(person.user.id);
      expect(await codeOf(answer(challenge.token, authenticator.get(started.options)))).toBe('invalid_challenge');
    });

    it('for their own user only', async () => {
      const { challenge } = await asked();
      const { authenticator: stranger } = await withPasskey();
      const { options } = await startPasskeySignIn(anonymous(platform), { challengeToken: challenge.token });
      expect(await codeOf(answer(challenge.token, stranger.get(options)))).toBe('passkey_failed');
      const { methods } = await challengeFor(await signUp(platform));
      expect(methods).toEqual(['totp', 'recovery_code']);
    });

    it('unless they are disabled', async () => {
      const { person, authenticator } = await withPasskey();
      await enrolPasskey(platform, person.user.id);
      await disableAdded(platform, person.user.id);
      const { token } = await challengeFor(person);
      const { options } = await startPasskeySignIn(anonymous(platform), { challengeToken: token });
      expect(options.allowCredentials.map(({ id }) => id)).toEqual([authenticator.credentialId]);
    });

    it('and a challenge for one purpose is not valid for the other', async () => {
      const { authenticator, challenge } = await asked();
      const { challengeToken, options } = await begin();
      expect(await codeOf(answer(challengeToken, authenticator.get(options)))).toBe('invalid_challenge');
      const second = await startPasskeySignIn(anonymous(platform), { challengeToken: challenge.token });
      expect(await codeOf(finish(challenge.token, authenticator.get(second.options)))).toBe('invalid_challenge');
      expect(await codeOf(startPasskeySignIn(anonymous(platform), { challengeToken: 'x' }))).toBe('invalid_challenge');
    });
  });
});
