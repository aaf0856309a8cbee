import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { createOrganization, createTestPlatform, dialects, TestClock, type TestPlatform } from '../../testing/index.ts';
import { accessTokenOf, enrolTotp } from '../../testing/index.ts';
import {
  anonymous,
  codeOf,
  codesOf,
  contextOf,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../../testing/people.ts';
import { RecoveryCodes, SecondFactor, TotpStarted } from './second-factor.schema.ts';
import {
  confirmTotp,
  disableTotp,
  enableTotp,
  getSecondFactor,
  renewRecoveryCodes,
  startTotp,
} from './totp.service.ts';
import { totpCodeAt } from './totp.ts';

const minute = 60_000;
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Decodes the secret as an app does. */
function secretOf(text: string): Buffer {
  const bits = Array.from(text, (letter) => base32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

describe.each(dialects)('setting up a second factor on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const as = (person: SignedUpPerson) => person.ctx('none');
  const asksFor = async (person: SignedUpPerson) => codeOf(signIn(platform, { login: person.email }));

  async function setUp(person: SignedUpPerson) {
    const started = await startTotp(await as(person), { password });
    const secret = secretOf(started.secret);
    const code = () => totpCodeAt(secret, clock.now());
    const { recoveryCodes } = await confirmTotp(await as(person), { code: code() });
    clock.advance(30_000);
    return { started, code, recoveryCodes };
  }

  const typesOf = (userId: string) =>
    readThroughSystemDoor(platform.database, async (db) => {
      const rows = await db
        .selectFrom('events')
        .select(['type', 'organization_id as organizationId', 'actor_id as actorId'])
        .where('entity_id', '=', userId)
        .where('type', 'not in', ['user.registered', 'user.email_verified', 'user.signed_in'])
        .orderBy('id')
        .execute();
      expect(rows.every(({ organizationId, actorId }) => organizationId === null && actorId === userId)).toBe(true);
      return rows.map(({ type }) => type);
    });

  it('starts with a secret, and is active once a code has confirmed it', async () => {
    const person = await signUp(platform);
    expect(await getSecondFactor(await as(person))).toEqual({
      totpEnabledAt: null,
      totpDisabledAt: null,
      recoveryCodesLeft: 0,
      passkeys: 0,
    });
    const started = await startTotp(await as(person), { password });
    expect(TotpStarted.strict().parse(started)).toEqual(started);
    expect(await asksFor(person)).toBe('passed');
    expect(await codeOf(confirmTotp(await as(person), { code: '000000' }))).toBe('validation_failed');
    expect(await asksFor(person)).toBe('passed');

    const enabledAt = clock.now().toISOString();
    const { recoveryCodes, ...rest } = await confirmTotp(await as(person), {
      code: totpCodeAt(secretOf(started.secret), clock.now()),
    });

    expect(RecoveryCodes.parse({ recoveryCodes, ...rest })).toEqual({ recoveryCodes, ...rest });
    expect(new Set(recoveryCodes).size).toBe(10);
    expect(await asksFor(person)).toBe('second_factor_required');
    const now = await getSecondFactor(await as(person));
    expect(now).toEqual({ totpEnabledAt: enabledAt, totpDisabledAt: null, recoveryCodesLeft: 10, passkeys: 0 });
    expect(SecondFactor.strict().parse(now)).toEqual(now);
    expect(await typesOf(person.user.id)).toEqual(['user.totp_enabled']);
  });

  it('stores no secret in plain text', async () => {
    const person = await signUp(platform);
    const { started, recoveryCodes } = await setUp(person);
    const rows = await readThroughSystemDoor(platform.database, async (db) => [
      await db.selectFrom('totp_credentials').selectAll().where('user_id', '=', person.user.id).execute(),
      await db.selectFrom('recovery_codes').selectAll().where('user_id', '=', person.user.id).execute(),
      await db.selectFrom('event_payloads').selectAll().execute(),
    ]);
    const text = JSON.stringify(rows);
    const secret = secretOf(started.secret);
    for (const shown of [started.secret, secret.toString('base64url'), secret.toString('hex'), ...recoveryCodes])
      expect(text).not.toContain(shown);
    expect(rows[0]).toEqual([expect.objectContaining({ secret: expect.stringMatching(/^v1\./) })]);
    expect(rows[1]).toHaveLength(10);
  });

  it('can start again until it is confirmed, and not after that', async () => {
    const person = await signUp(platform);
    expect(await codeOf(confirmTotp(await as(person), { code: '000000' }))).toBe('totp_not_started');
    const first = await startTotp(await as(person), { password });
    const second = await startTotp(await as(person), { password });
    expect(second.secret).not.toBe(first.secret);
    // There is nothing to disable yet, and trying it does not end the attempt.
    expect(await codeOf(disableTotp(await as(person), { password }))).toBe('totp_not_enabled');
    const codeOfFirst = totpCodeAt(secretOf(first.secret), clock.now());
    expect(await codeOf(confirmTotp(await as(person), { code: codeOfFirst }))).toBe('validation_failed');
    const code = totpCodeAt(secretOf(second.secret), clock.now());
    await confirmTotp(await as(person), { code });

    expect(await codeOf(startTotp(await as(person), { password }))).toBe('totp_enabled');
    expect(await codeOf(confirmTotp(await as(person), { code }))).toBe('totp_enabled');
  });

  it('does not accept the confirming code again', async () => {
    const person = await signUp(platform);
    const { secret } = await startTotp(await as(person), { password });
    const code = totpCodeAt(secretOf(secret), clock.now());
    await confirmTotp(await as(person), { code });
    expect(await codeOf(disableTotp(await as(person), { code }))).toBe('identity_not_proven');
  });

  it('ends with the password or a code, and deletes the recovery codes', async () => {
    const person = await signUp(platform);
    const app = await setUp(person);
    expect(await codeOf(disableTotp(await as(person), {}))).toBe('identity_not_proven');
    expect(await codeOf(disableTotp(await as(person), { password: 'wrong words' }))).toBe('identity_not_proven');
    expect(await codeOf(disableTotp(await as(person), { code: '000000' }))).toBe('identity_not_proven');
    expect(await asksFor(person)).toBe('second_factor_required');

    await disableTotp(await as(person), { code: app.code() });

    expect(await asksFor(person)).toBe('passed');
    expect(await getSecondFactor(await as(person))).toEqual({
      totpEnabledAt: null,
      totpDisabledAt: null,
      recoveryCodesLeft: 0,
      passkeys: 0,
    });
    expect(await codeOf(disableTotp(await as(person), { password }))).toBe('totp_not_enabled');
    await setUp(person);
    await disableTotp(await as(person), { password });
    expect(await typesOf(person.user.id)).toEqual([
      'user.totp_enabled',
      'user.totp_disabled',
      'user.totp_enabled',
      'user.totp_disabled',
    ]);
  });

  it('replaces recovery codes', async () => {
    const person = await signUp(platform);
    expect(await codeOf(renewRecoveryCodes(await as(person), { password }))).toBe('totp_not_enabled');
    await startTotp(await as(person), { password });
    expect(await codeOf(renewRecoveryCodes(await as(person), { password }))).toBe('totp_not_enabled');
    const { recoveryCodes } = await setUp(person);
    const renewed = await renewRecoveryCodes(await as(person), { password });
    expect(renewed.recoveryCodes.filter((code) => recoveryCodes.includes(code))).toEqual([]);
    expect(await getSecondFactor(await as(person))).toMatchObject({ recoveryCodesLeft: 10, passkeys: 0 });
    expect(await codeOf(renewRecoveryCodes(await as(person), {}))).toBe('identity_not_proven');
    expect(await typesOf(person.user.id)).toEqual(['user.totp_enabled', 'user.recovery_codes_renewed']);
  });

  it('affects no other user', async () => {
    const [person, other, beginner] = [await signUp(platform), await signUp(platform), await signUp(platform)];
    await setUp(person);
    await setUp(other);
    const begun = await startTotp(await as(beginner), { password });
    const before = await getSecondFactor(await as(other));
    expect(before).toMatchObject({ recoveryCodesLeft: 10 });
    await renewRecoveryCodes(await as(person), { password });
    await disableTotp(await as(person), { password });
    await startTotp(await as(person), { password });
    expect(await getSecondFactor(await as(other))).toEqual(before);
    expect(await asksFor(other)).toBe('second_factor_required');
    await confirmTotp(await as(beginner), { code: totpCodeAt(secretOf(begun.secret), clock.now()) });
  });

  it('leaves ten codes after parallel requests', async () => {
    const person = await signUp(platform);
    await setUp(person);
    const ctx = await as(person);
    await Promise.all(Array.from({ length: 4 }, () => renewRecoveryCodes(ctx, { password })));
    expect(await getSecondFactor(ctx)).toMatchObject({ recoveryCodesLeft: 10, passkeys: 0 });
  });

  it('needs more than a session from a user with a password', async () => {
    const person = await signUp(platform);
    expect(await codeOf(startTotp(await as(person), {}))).toBe('identity_not_proven');
    expect(await codeOf(startTotp(await as(person), { code: '000000' }))).toBe('identity_not_proven');
  });

  it('needs a fresh session from a user with neither password nor app', async () => {
    const { owner } = await createOrganization(platform);
    const ctx = await contextOf(platform, await accessTokenOf(platform, owner), 'none');
    clock.advance(10 * minute);
    expect(await codeOf(startTotp(ctx, {}))).toBe('passed');
    clock.advance(1);
    expect(await codeOf(startTotp(ctx, {}))).toBe('identity_not_proven');
    expect(await codeOf(startTotp(owner.ctx(), {}))).toBe('identity_not_proven');
    // For a user with an app, a fresh session is no longer a proof.
    await enrolTotp(platform, owner.userId);
    const fresh = await contextOf(platform, await accessTokenOf(platform, owner), 'none');
    expect(await codeOf(disableTotp(fresh, {}))).toBe('identity_not_proven');
  });

  it('limits password guesses with a stolen session', async () => {
    const person = await signUp(platform);
    const guess = async (text: string) => codeOf(startTotp(await as(person), { password: text }));
    for (let count = 0; count < 10; count++) expect(await guess('wrong words')).toBe('identity_not_proven');
    expect(await guess(password)).toBe('rate_limited');
    // Signing in has its own limit.
    expect(await asksFor(person)).toBe('passed');
  });

  it('rejects a secret that was moved from another user', async () => {
    const [thief, person] = [await signUp(platform), await signUp(platform)];
    const theirs = await setUp(thief);
    await setUp(person);
    await writeThroughSystemDoor(anonymous(platform), async ({ db }) => {
      const { secret } = await db
        .selectFrom('totp_credentials')
        .select('secret')
        .where('user_id', '=', thief.user.id)
        .executeTakeFirstOrThrow();
      await db.updateTable('totp_credentials').set({ secret }).where('user_id', '=', person.user.id).execute();
    });
    await expect(disableTotp(await as(person), { code: theirs.code() })).rejects.toThrow('sealed for another place');
  });

  it('refuses anonymous callers', async () => {
    const nobody = anonymous(platform);
    const codes = await codesOf([
      getSecondFactor(nobody),
      startTotp(nobody, {}),
      confirmTotp(nobody, { code: '000000' }),
      enableTotp(nobody, {}),
      disableTotp(nobody, {}),
      renewRecoveryCodes(nobody, {}),
    ]);
    expect(codes).toEqual(['unauthenticated']);
  });
});
