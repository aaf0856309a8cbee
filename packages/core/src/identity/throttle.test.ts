import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { DomainError } from '../kernel/errors.ts';
import { networkOf } from '../kernel/network-address.ts';
import { createPlatform } from '../platform.ts';
import { login, register } from '../tenancy/index.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import {
  anonymous,
  codeOf,
  fakeTransport,
  loginInput,
  newEmail,
  password,
  type SignedUpPerson,
  signUp,
} from '../testing/people.ts';
import type { Login } from './auth.schema.ts';
import { refresh } from './auth.service.ts';
import { purgeThrottles } from './maintenance.ts';
import { getCurrentUser } from './user.queries.ts';
import { resendVerification } from './registration.service.ts';
import { proveIdentity } from './second-factor/proof.ts';
import { requireSignedIn } from './signed-in.ts';
import { accountBudget, counted } from './throttle.ts';

const minute = 60_000;
const wrong = 'wrong words';

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['unix', 'unix'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe.each(dialects)('throttling on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock, settings: { attemptsPerAddress: 20 } });
  });
  afterAll(() => platform.dispose());

  let network = 0;
  /** A network address that no test has used yet. */
  const elsewhere = () => `198.51.${++network >> 8}.${network & 255}`;
  const attempt = (input: Partial<Login>, address = elsewhere(), at = platform) =>
    login(anonymous(at, address), loginInput(input), fakeTransport());
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: unknown) =>
        error instanceof DomainError ? [error.code, error.message, error.details.retryAfter] : String(error),
    );
  const fail = async (times: number, input: Partial<Login>, address?: string) => {
    const codes: string[] = [];
    for (let count = 0; count < times; count++)
      codes.push(await codeOf(attempt({ password: wrong, ...input }, address)));
    return codes;
  };
  const tenFailures = Array.from({ length: 10 }, () => 'invalid_credentials');
  const setActive = ({ user }: SignedUpPerson, isActive: boolean) =>
    writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('users').set({ is_active: isActive }).where('id', '=', user.id).execute(),
    );

  it('refuses a name after ten failures in 15 minutes, even with the right password, and says for how long', async () => {
    const { email } = await signUp(platform);
    expect(await fail(5, { login: email })).toEqual(tenFailures.slice(5));
    clock.advance(5 * minute);
    expect(await fail(5, { login: email.toUpperCase() })).toEqual(tenFailures.slice(5));

    expect(await refusal(attempt({ login: email }))).toEqual(['rate_limited', expect.any(String), 600]);
    clock.advance(10 * minute - 1);
    expect(await codeOf(attempt({ email }))).toBe('rate_limited');
    clock.advance(1);
    expect(await codeOf(attempt({ email }))).toBe('passed');
    // The window slides: the five failures five minutes later still count.
    expect(await fail(6, { login: email })).toEqual([...tenFailures.slice(5), 'rate_limited']);
  });

  it('counts unknown, inactive and unverified users like all others', async () => {
    const [active, inactive] = [await signUp(platform), await signUp(platform)];
    await setActive(inactive, false);
    const unverified = newEmail();
    await register(anonymous(platform, elsewhere()), { email: unverified, password });
    const names = [active.email, inactive.email, unverified, 'unknown@example.com', 'unknown-name'];

    const seen: unknown[] = [];
    for (const name of names) {
      const failures = await fail(10, { login: name });
      seen.push([
        failures,
        await refusal(attempt({ login: name, password: wrong })),
        await refusal(attempt({ login: name })),
      ]);
    }

    const limited = ['rate_limited', expect.any(String), 900];
    expect(seen).toEqual(names.map(() => [tenFailures, limited, limited]));
  });

  it('does not count the right password as a failure', async () => {
    const person = await signUp(platform);
    const unverified = newEmail();
    await register(anonymous(platform, elsewhere()), { email: unverified, password });
    await fail(9, { login: person.email });
    await fail(9, { login: unverified });

    for (let count = 0; count < 3; count++) {
      expect(await codeOf(attempt({ login: person.email }))).toBe('passed');
      expect(await codeOf(attempt({ login: unverified }))).toBe('email_not_verified');
    }
    for (const login of [person.email, unverified])
      expect(await fail(2, { login })).toEqual(['invalid_credentials', 'rate_limited']);
  });

  it('lets ten of many parallel attempts through', async () => {
    const { email } = await signUp(platform);

    const codes = await Promise.all(
      Array.from({ length: 30 }, () => codeOf(attempt({ login: email, password: wrong }))),
    );

    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(10);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(20);
  });

  it('refuses none of many parallel attempts with the right password', async () => {
    const [{ email }, here] = [await signUp(platform), elsewhere()];
    const colleagues = Array.from({ length: 25 }, newEmail);
    for (const one of colleagues) await register(anonymous(platform, elsewhere()), { email: one, password });
    const parallel = (logins: readonly string[], address?: string) =>
      Promise.all(logins.map((login) => codeOf(attempt({ login }, address))));

    expect(new Set(await parallel(Array.from({ length: 30 }, () => email)))).toEqual(new Set(['passed']));
    // There are twenty attempts for each network address.
    expect(new Set(await parallel(colleagues, here))).toEqual(new Set(['email_not_verified']));
    expect(await fail(11, { login: email })).toEqual([...tenFailures, 'rate_limited']);
  });

  it('refuses none of many parallel proofs with the right password', async () => {
    const person = await signUp(platform);
    const ctx = await person.ctx('none');
    requireSignedIn(ctx);
    const proofs = Array.from({ length: 12 }, () => codeOf(proveIdentity(ctx, { password })));

    expect(new Set(await Promise.all(proofs))).toEqual(new Set(['passed']));
  });

  it('limits wrong attempts that are made beside right ones', async () => {
    const { email } = await signUp(platform);
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        codeOf(attempt({ login: email, password: index % 2 ? wrong : password })),
      ),
    );

    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(10);
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(10);
    expect(await codeOf(attempt({ login: email }))).toBe('rate_limited');
  });

  it('verifies few more of many parallel attempts than the limit allows', async () => {
    const ctx = anonymous(platform);
    let checks = 0;
    const guess = () =>
      counted(ctx, [accountBudget(ctx, 'password', `verified-${dialect}`)], async () => {
        checks++;
        await delay(5);
        return false;
      });

    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(guess())));

    expect(codes.filter((code) => code === 'passed')).toHaveLength(10);
    expect(checks).toBeLessThanOrEqual(20);
  });

  it.each([
    ['right', true],
    ['wrong', false],
  ])('refuses a %s guess if the last try is taken while it is being checked', async (name, isRight) => {
    const ctx = anonymous(platform);
    const budgets = [accountBudget(ctx, 'password', `overtaken-${name}-${dialect}`)];
    const guess = counted(ctx, budgets, async () => {
      for (let count = 0; count < 10; count++) await counted(ctx, budgets, async () => false);
      return isRight;
    });

    expect(await codeOf(guess)).toBe('rate_limited');
  });

  it('limits an account to ten failures under both of its names, without revealing that they belong together', async () => {
    const { email } = await signUp(platform, { username: `two-names-${dialect}` });
    const username = `two-names-${dialect}`;
    await fail(10, { login: email });

    // The answer is that for a name that was never tried, but even the right password does not work.
    expect(await fail(1, { login: username })).toEqual(['invalid_credentials']);
    expect(await codeOf(attempt({ login: username }))).toBe('invalid_credentials');
    clock.advance(15 * minute);
    expect(await codeOf(attempt({ login: username }))).toBe('passed');
  });

  it('does not affect signed-in users', async () => {
    const person = await signUp(platform);
    await fail(11, { login: person.email });

    expect((await getCurrentUser(await person.ctx('none'))).id).toBe(person.user.id);
    const { refreshToken } = person;
    expect(await codeOf(refresh(anonymous(platform, elsewhere()), { refreshToken }, fakeTransport()))).toBe('passed');
  });

  it('applies in every process, and after a restart', async () => {
    const { email } = await signUp(platform);
    await fail(10, { login: email });

    const another = await createPlatform(platform.settings, { clock });
    try {
      const at = anonymous(another, elsewhere());
      expect(await codeOf(login(at, loginInput({ login: email }), fakeTransport()))).toBe('rate_limited');
    } finally {
      await another.close();
    }
  });

  it('refuses a network address after too many failures under any names, and no other address', async () => {
    const [here, { email }] = [elsewhere(), await signUp(platform)];
    for (let count = 0; count < 20; count++)
      expect(await fail(1, { login: `guess-${dialect}-${count}` }, here)).toEqual(['invalid_credentials']);

    expect(await refusal(attempt({ login: email }, here))).toEqual(['rate_limited', expect.any(String), 900]);
    expect(await codeOf(attempt({ login: email }))).toBe('passed');
    clock.advance(15 * minute);
    expect(await codeOf(attempt({ login: email }, here))).toBe('passed');
  });

  it('limits registrations and mails by network address, and mails by recipient', async () => {
    const here = anonymous(platform, elsewhere());
    for (let count = 0; count < 20; count++)
      expect(await codeOf(resendVerification(here, { email: newEmail() }))).toBe('passed');
    expect(await codeOf(resendVerification(here, { email: newEmail() }))).toBe('rate_limited');

    const email = newEmail();
    for (let count = 0; count < 5; count++)
      expect(await codeOf(resendVerification(anonymous(platform, elsewhere()), { email }))).toBe('passed');
    const another = () => resendVerification(anonymous(platform, elsewhere()), { email: email.toUpperCase() });
    expect(await refusal(another())).toEqual(['rate_limited', expect.any(String), 3600]);
    clock.advance(60 * minute);
    expect(await codeOf(another())).toBe('passed');

    await Promise.all(Array.from({ length: 20 }, () => register(here, { email: newEmail(), password })));
    expect(await codeOf(register(here, { email: newEmail(), password }))).toBe('rate_limited');
  });

  it('limits nothing that does not come over a network', async () => {
    const nowhere = platform.context({ principal: null });
    for (let count = 0; count < 21; count++)
      expect(await codeOf(resendVerification(nowhere, { email: newEmail() }))).toBe('passed');
  });

  it('stores no names and addresses, and deletes rows soon', async () => {
    const rows = () =>
      readThroughSystemDoor(platform.database, (db) => db.selectFrom('throttles').select('key').execute());
    const { email } = await signUp(platform);
    await fail(1, { login: email });

    expect(JSON.stringify(await rows())).not.toMatch(/example|198\.51/);
    clock.advance(2 * 60 * minute);
    await purgeThrottles(anonymous(platform));
    expect(await rows()).toEqual([]);
    await fail(1, { login: email });
    const counting = await rows();
    expect(counting).not.toEqual([]);
    await purgeThrottles(anonymous(platform));
    expect(await rows()).toEqual(counting);
  });

  it('records failures without what was typed', async () => {
    const person = await signUp(platform);
    const address = elsewhere();
    await fail(1, { login: person.email }, address);
    await fail(1, { login: 'my secret typed into the wrong field' }, address);

    const events = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select([
          'events.entity_id as entity',
          'events.actor_id as actor',
          'events.organization_id',
          'event_payloads.payload',
        ])
        .where('events.type', '=', 'user.sign_in_failed')
        .orderBy('events.id', 'desc')
        .limit(2)
        .execute(),
    );
    const payload = { changes: {}, data: { address } };
    expect(events).toEqual([
      { entity: '00000000-0000-0000-0000-000000000000', actor: null, organization_id: null, payload },
      { entity: person.user.id, actor: null, organization_id: null, payload },
    ]);
  });
});
