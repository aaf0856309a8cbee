import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { DomainError } from '../../kernel/errors.ts';
import { verifySecondFactor } from '../../tenancy/index.ts';
import { createTestPlatform, dialects, enrolTotp, TestClock, type TestPlatform } from '../../testing/index.ts';
import {
  anonymous,
  codeOf,
  contextOf,
  fakeTransport,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../../testing/people.ts';
import { purgeSignInChallenges } from '../maintenance.ts';
import { startPasskeySignIn } from '../passkeys/passkey-sign-in.service.ts';
import { hashPassword } from '../passwords.ts';
import { openChallenge } from './challenge.ts';
import type { SecondFactorVerify } from './second-factor.schema.ts';
import { askForSecondFactor, attemptSecondFactor, passSecondFactor } from './second-factor.service.ts';
import { getSecondFactor } from './totp.service.ts';

const minute = 60_000;

describe.each(dialects)('signing in with a second factor on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  /** A person who has set up an app. */
  async function enrolled() {
    const person = await signUp(platform);
    const app = await enrolTotp(platform, person.user.id);
    return { ...person, app, recoveryCodes: app.recoveryCodes };
  }

  /** The challenge after the right password. */
  async function challengeOf(person: SignedUpPerson) {
    const error: unknown = await signIn(platform, { login: person.email }).catch((thrown: unknown) => thrown);
    if (!(error instanceof DomainError) || !error.details.challenge) throw error;
    expect(error).toMatchObject({ code: 'second_factor_required', kind: 'forbidden' });
    return error.details.challenge;
  }

  const answer = (input: Partial<SecondFactorVerify> & { challengeToken: string }, address = '192.0.2.1') => {
    const transport = fakeTransport();
    return verifySecondFactor(anonymous(platform, address), { tokenTransport: 'body', ...input }, transport);
  };

  const eventsOf = (userId: string) =>
    readThroughSystemDoor(platform.database, async (db) => {
      const rows = await db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actorId', 'events.organization_id as organizationId', 'payload'])
        .where('events.entity_id', '=', userId)
        .orderBy('events.id')
        .execute();
      return rows;
    });

  it('is asked for once the password is right, and not before', async () => {
    const person = await enrolled();
    const sessions = async () =>
      (await eventsOf(person.user.id)).filter(({ type }) => type === 'user.signed_in').length;
    const before = await sessions();

    expect(await codeOf(signIn(platform, { login: person.email, password: 'wrong words' }))).toBe(
      'invalid_credentials',
    );
    const challenge = await challengeOf(person);

    expect(challenge).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/),
      methods: ['totp', 'recovery_code'],
      expiresAt: new Date(clock.now().getTime() + 5 * minute).toISOString(),
    });
    expect(await sessions()).toBe(before);
  });

  it('answers a code as a login answers', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);

    const signedIn = await answer({ challengeToken, code: person.app.code(), deviceId: 'phone' });

    expect(signedIn).toMatchObject({
      tokenType: 'Bearer',
      user: { email: person.email },
      refreshToken: expect.any(String),
    });
    const ctx = await contextOf(platform, signedIn.accessToken, 'none');
    expect(ctx.principal?.userId).toBe(person.user.id);
    expect((await eventsOf(person.user.id)).at(-1)).toMatchObject({
      type: 'user.signed_in',
      payload: { data: { deviceId: 'phone' } },
    });
  });

  it('is not asked of a user who has only started to set it up', async () => {
    const person = await signUp(platform);
    await enrolTotp(platform, person.user.id, { pending: true });
    expect(await codeOf(signIn(platform, { login: person.email }))).toBe('passed');
  });

  it('accepts a challenge once, and a code once', async () => {
    const person = await enrolled();
    const [first, second] = [await challengeOf(person), await challengeOf(person)];
    const code = person.app.code();

    expect(await codeOf(answer({ challengeToken: first.token, code }))).toBe('passed');
    expect(await codeOf(answer({ challengeToken: first.token, code }))).toBe('invalid_challenge');
    expect(await codeOf(answer({ challengeToken: second.token, code }))).toBe('second_factor_failed');
    clock.advance(30_000);
    expect(await codeOf(answer({ challengeToken: second.token, code }))).toBe('second_factor_failed');
    expect(await codeOf(answer({ challengeToken: second.token, code: person.app.code() }))).toBe('passed');
  });

  it('lets one of many parallel requests with the same code through', async () => {
    const person = await enrolled();
    const challenges = await Promise.all(Array.from({ length: 6 }, () => challengeOf(person)));
    const code = person.app.code();

    const outcomes = await Promise.all(challenges.map(({ token }) => codeOf(answer({ challengeToken: token, code }))));

    expect(outcomes.filter((outcome) => outcome === 'passed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'second_factor_failed')).toHaveLength(5);
  });

  it('accepts one of many parallel answers to a challenge', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    const outcomes = await Promise.all(
      person.recoveryCodes.slice(0, 5).map((recoveryCode) => codeOf(answer({ challengeToken, recoveryCode }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'passed')).toHaveLength(1);
    // Requests that came too late did not use their code.
    expect(await getSecondFactor(await person.ctx('none'))).toMatchObject({ recoveryCodesLeft: 9 });
  });

  it('accepts a recovery code instead of the app, once', async () => {
    const person = await enrolled();
    const [recoveryCode = ''] = person.recoveryCodes;
    expect(recoveryCode).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
    const written = recoveryCode.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'I');

    const { token } = await challengeOf(person);
    expect(await codeOf(answer({ challengeToken: token, recoveryCode: written }))).toBe('passed');
    const { token: next } = await challengeOf(person);
    expect(await codeOf(answer({ challengeToken: next, recoveryCode }))).toBe('second_factor_failed');

    const events = await eventsOf(person.user.id);
    expect(events.find(({ type }) => type === 'user.recovery_code_used')).toMatchObject({
      actorId: person.user.id,
      organizationId: null,
      payload: { data: { left: 9 } },
    });
    expect(events.at(-1)).toMatchObject({
      type: 'user.second_factor_failed',
      actorId: null,
      payload: { data: { address: '192.0.2.1' } },
    });
    expect(JSON.stringify(events)).not.toContain(recoveryCode);
  });

  it("takes nobody else's code", async () => {
    const [person, other] = [await enrolled(), await enrolled()];
    const { token: challengeToken } = await challengeOf(person);
    const [recoveryCode = ''] = other.recoveryCodes;
    expect(await codeOf(answer({ challengeToken, code: other.app.code() }))).toBe('second_factor_failed');
    expect(await codeOf(answer({ challengeToken, recoveryCode }))).toBe('second_factor_failed');
    expect(await getSecondFactor(await other.ctx('none'))).toMatchObject({ recoveryCodesLeft: 10 });
  });

  it('ends a challenge after five wrong answers, and no other challenge', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    const { token: other } = await challengeOf(person);
    expect(await codeOf(answer({ challengeToken: other, code: '000000' }))).toBe('second_factor_failed');
    for (let count = 0; count < 5; count++)
      expect(await codeOf(answer({ challengeToken, code: '000000' }))).toBe('second_factor_failed');
    expect(await codeOf(answer({ challengeToken, code: person.app.code() }))).toBe('invalid_challenge');
    expect(await codeOf(answer({ challengeToken: other, code: person.app.code() }))).toBe('passed');
  });

  it('ends a challenge after five minutes, and deletes it', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    const { token: living } = await challengeOf(person);
    clock.advance(5 * minute - 1);
    expect(await codeOf(answer({ challengeToken: living, code: '000000' }))).toBe('second_factor_failed');
    clock.advance(1);
    expect(await codeOf(answer({ challengeToken, code: person.app.code() }))).toBe('invalid_challenge');
    expect(await codeOf(startPasskeySignIn(anonymous(platform), { challengeToken }))).toBe('invalid_challenge');
    expect(await codeOf(answer({ challengeToken: 'x', code: person.app.code() }))).toBe('invalid_challenge');

    const { token: fresh } = await challengeOf(person);
    clock.advance(1);
    expect(await purgeSignInChallenges(anonymous(platform))).toBeGreaterThanOrEqual(2);
    expect(await purgeSignInChallenges(anonymous(platform))).toBe(0);
    expect(await codeOf(answer({ challengeToken: fresh, code: person.app.code() }))).toBe('passed');
  });

  it('ends a challenge also while an answer is being checked', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    const [recoveryCode = ''] = person.recoveryCodes;
    const input = { challengeToken, recoveryCode, tokenTransport: 'body' } as const;
    const attempted = await attemptSecondFactor(anonymous(platform), input);
    clock.advance(5 * minute);
    const passing = writeThroughIdentityDoor(anonymous(platform), (unit) => passSecondFactor(unit, attempted));
    expect(await codeOf(passing)).toBe('invalid_challenge');
  });

  it('limits code guesses with the right password, whatever happens in between', async () => {
    const person = await enrolled();
    const tryOnce = async (count: number, code: string) => {
      const { token: challengeToken } = await challengeOf(person);
      return codeOf(answer({ challengeToken, code }, `192.0.2.${count}`));
    };
    for (let count = 0; count < 10; count++) expect(await tryOnce(count, '000000')).toBe('second_factor_failed');

    expect(await tryOnce(11, '000000')).toBe('rate_limited');
    expect(await tryOnce(12, person.app.code())).toBe('rate_limited');
    const { token: challengeToken } = await challengeOf(person);
    // It is refused before the answer is checked.
    const input = { challengeToken, code: person.app.code(), tokenTransport: 'body' } as const;
    expect(await codeOf(attemptSecondFactor(anonymous(platform), input))).toBe('rate_limited');
    // A recovery code still works, so its owner is not locked out.
    expect(await codeOf(answer({ challengeToken, recoveryCode: person.recoveryCodes[0] ?? '' }))).toBe('passed');

    clock.advance(15 * minute);
    expect(await tryOnce(13, person.app.code())).toBe('passed');
  });

  it('also has a daily limit', async () => {
    const person = await enrolled();
    const outcomes: string[] = [];
    for (let count = 0; count < 60; count++) {
      const { token: challengeToken } = await challengeOf(person);
      outcomes.push(await codeOf(answer({ challengeToken, code: '000000' }, `192.0.2.${count}`)));
      clock.advance(2 * minute);
    }
    expect(outcomes.slice(0, 40)).toEqual(Array.from({ length: 40 }, () => 'second_factor_failed'));
    expect(new Set(outcomes.slice(40))).toEqual(new Set(['rate_limited']));
  });

  it('refuses a challenge without a user', async () => {
    const { token: challengeToken } = await writeThroughIdentityDoor(anonymous(platform), (unit) =>
      openChallenge(unit, 'second_factor', null),
    );
    expect(await codeOf(answer({ challengeToken, code: '000000' }))).toBe('invalid_challenge');
  });

  it('fails once the password has changed', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    const passwordHash = await hashPassword('another password');
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db
        .updateTable('credentials')
        .set({ password_hash: passwordHash })
        .where('user_id', '=', person.user.id)
        .execute(),
    );
    expect(await codeOf(answer({ challengeToken, code: person.app.code() }))).toBe('invalid_challenge');
  });

  it('fails once the account is inactive', async () => {
    const person = await enrolled();
    const { token: challengeToken } = await challengeOf(person);
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('users').set({ is_active: false }).where('id', '=', person.user.id).execute(),
    );
    expect(await codeOf(answer({ challengeToken, code: person.app.code() }))).toBe('invalid_credentials');
  });

  it('keeps a password that changed while the old one was being checked', async () => {
    const person = await enrolled();
    const stale = {
      userId: person.user.id,
      passwordHash: 'old',
      betterHash: 'better',
      tried: { budgets: [], at: clock.now() },
    };
    const challenge = await writeThroughIdentityDoor(anonymous(platform), (unit) => askForSecondFactor(unit, stale));
    expect(await codeOf(answer({ challengeToken: challenge?.token ?? '', code: person.app.code() }))).toBe(
      'invalid_challenge',
    );
    expect(await codeOf(signIn(platform, { login: person.email }))).toBe('second_factor_required');
  });

  it('replaces an imported hash during sign-in, and no other hash', async () => {
    const [person, other] = [await enrolled(), await enrolled()];
    const imported = await bcrypt(password, { cost: 4 });
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db
        .updateTable('credentials')
        .set({ password_hash: imported })
        .where('user_id', 'in', [person.user.id, other.user.id])
        .execute(),
    );
    const { token: challengeToken } = await challengeOf(person);
    const hashOf = async ({ user }: SignedUpPerson) => {
      const { hash } = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('credentials')
          .select('password_hash as hash')
          .where('user_id', '=', user.id)
          .executeTakeFirstOrThrow(),
      );
      return hash;
    };
    expect(await hashOf(person)).toMatch(/^\$argon2id\$/);
    expect(await hashOf(other)).toBe(imported);
    expect(await codeOf(answer({ challengeToken, code: person.app.code() }))).toBe('passed');
  });

  it('counts no failed login, however often it starts', async () => {
    const person = await enrolled();
    for (let count = 0; count < 12; count++)
      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('second_factor_required');
  });
});
