import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { register } from '../tenancy/index.ts';
import {
  createTestPlatform,
  dialects,
  enrolTotp,
  makeInstanceAdmin,
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
import { refresh } from './auth.service.ts';
import { setInstanceAdmin } from './instance-admin.ts';
import { resetSecondFactor, resetSecondFactorOf } from './second-factor/reset.service.ts';
import { activateUser, deactivateUser, endSessionsOfUser, getUserOfInstance, listUsers } from './instance-users.ts';
import { User, UserListInput } from './user.schema.ts';

describe.each(dialects)('administering the instance on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;
  let admin: SignedUpPerson;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    admin = await signUp(platform, { fullName: 'Ada Min', organizationName: 'Admins' });
    await setInstanceAdmin(anonymous(platform), admin.email, true);
  });
  afterAll(() => platform.dispose());

  const list = async (input: Partial<UserListInput> = {}) =>
    listUsers(await admin.ctx('none'), { ...UserListInput.parse({}), ...input });
  const deactivate = async ({ user }: SignedUpPerson, by = admin) =>
    deactivateUser(await by.ctx('none'), { userId: user.id });
  const lives = async (accessToken: string) => (await codeOf(contextOf(platform, accessToken, 'none'))) === 'passed';
  const eventsOf = (...ids: string[]) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .select(['type', 'actor_id as actor', 'organization_id as organization'])
        .where('entity_id', 'in', ids)
        .orderBy('id')
        .execute(),
    );

  describe('a lost second factor', () => {
    const reset = async ({ user }: SignedUpPerson, by = admin) =>
      resetSecondFactor(await by.ctx('none'), { userId: user.id });
    const enrolled = async () => {
      const person = await signUp(platform);
      await enrolTotp(platform, person.user.id);
      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('second_factor_required');
      return person;
    };
    const mailsTo = ({ user }: SignedUpPerson) =>
      readThroughSystemDoor(platform.database, async (db) => {
        const jobs = await db.selectFrom('jobs').select('payload').where('kind', '=', 'mail.send').execute();
        return jobs.map(({ payload }) => payload).filter(({ userId }) => userId === user.id);
      });

    it('is removed by an administrator: sessions end, and the user gets a mail', async () => {
      const person = await enrolled();

      await reset(person);

      expect(await lives(person.accessToken)).toBe(false);
      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('passed');
      expect(await mailsTo(person)).toContainEqual({ template: 'second_factor_reset', userId: person.user.id });
      expect(await eventsOf(person.user.id)).toContainEqual({
        type: 'user.second_factor_reset',
        actor: admin.user.id,
        organization: null,
      });
      expect(await codeOf(reset(person))).toBe('totp_not_enabled');
    });

    it('is removed on the command line', async () => {
      const person = await enrolled();

      await resetSecondFactorOf(anonymous(platform), person.email.toUpperCase());

      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('passed');
      expect(await codeOf(resetSecondFactorOf(anonymous(platform), newEmail()))).toBe('user_not_found');
    });

    it('is removed by nobody else, and not by the user alone', async () => {
      const person = await enrolled();
      await enrolTotp(platform, admin.user.id);

      expect(await codeOf(reset(person, person))).toBe('permission_denied');
      expect(await codeOf(reset(admin))).toBe('own_account');
      expect(await codeOf(signIn(platform, { login: person.email }))).toBe('second_factor_required');
    });
  });

  describe('by the command line', () => {
    it('is granted and revoked, at once in this process, and recorded', async () => {
      const person = await signUp(platform);
      const may = async () => codeOf(listUsers(await person.ctx('none'), UserListInput.parse({})));
      const set = (granted: boolean) => setInstanceAdmin(anonymous(platform), person.email.toUpperCase(), granted);

      expect(await may()).toBe('permission_denied');
      expect(await set(true)).toBe(true);
      expect(await set(true)).toBe(false);
      expect(await may()).toBe('passed');
      expect(await set(false)).toBe(true);
      expect(await set(false)).toBe(false);
      expect(await may()).toBe('permission_denied');
      expect((await eventsOf(person.user.id)).slice(-2)).toEqual([
        { type: 'user.instance_admin_granted', actor: null, organization: null },
        { type: 'user.instance_admin_revoked', actor: null, organization: null },
      ]);
    });

    it('takes effect within 3 seconds in every other process', async () => {
      const person = await signUp(platform);
      const may = async () => codeOf(listUsers(await person.ctx('none'), UserListInput.parse({})));
      expect(await may()).toBe('permission_denied');
      await makeInstanceAdmin(platform, person.user.id);

      clock.advance(3000);

      expect(await may()).toBe('passed');
    });

    it('is for existing people with a verified address', async () => {
      const email = newEmail();
      await register(anonymous(platform), { email, password });
      for (const nobody of [email, 'nobody@example.com'])
        expect(await codeOf(setInstanceAdmin(anonymous(platform), nobody, true))).toBe('user_not_found');
    });
  });

  it('is granted by no role of an organization', async () => {
    const owner = await signUp(platform, { organizationName: 'Owned' });
    const ctx = await owner.ctx('required');
    const path = { userId: admin.user.id };
    const refusals = [
      listUsers(ctx, UserListInput.parse({})),
      getUserOfInstance(ctx, path),
      deactivateUser(ctx, path),
      activateUser(ctx, path),
      endSessionsOfUser(ctx, path),
    ];
    for (const refusal of refusals) expect(await codeOf(refusal)).toBe('permission_denied');
    expect(await codeOf(listUsers(anonymous(platform), UserListInput.parse({})))).toBe('unauthenticated');
    expect(await lives(admin.accessToken)).toBe(true);
  });

  it('lists everybody in pages that match the schema', async () => {
    const people = [await signUp(platform), await signUp(platform, { organizationName: 'Elsewhere' })];
    const seen: string[] = [];
    let cursor: string | undefined;
    let total: number | undefined;
    do {
      const found = await list({ limit: 2, cursor, total: true });
      for (const user of found.data) expect(User.strict().parse(user)).toEqual(user);
      seen.push(...found.data.map(({ id }) => id));
      ({ total } = found);
      cursor = found.nextCursor ?? undefined;
    } while (cursor);

    expect(total).toBe(seen.length);
    expect(new Set(seen).size).toBe(seen.length);
    for (const { user } of [...people, admin]) expect(seen).toContain(user.id);
    expect((await getUserOfInstance(await admin.ctx('none'), { userId: admin.user.id })).isInstanceAdmin).toBe(true);
    expect(
      await codeOf(
        getUserOfInstance(await admin.ctx('none'), { userId: platform.context({ principal: null }).requestId }),
      ),
    ).toBe('user_not_found');
  });

  it('finds people by a part of their names, whatever characters it contains', async () => {
    const person = await signUp(platform, { username: `needle_${dialect}`, fullName: 'Zoë Nadel' });
    const found = async (search: string) => (await list({ search })).data.map(({ id }) => id);

    for (const search of ['NEEDLE_', 'zoe nad', person.email.toUpperCase()])
      expect(await found(search)).toEqual([person.user.id]);
    for (const search of ['needle%', 'n_edle', "'; drop"]) expect(await found(search)).toEqual([]);
    expect((await list({ active: false })).data).toEqual([]);
  });

  it('deactivates a user: nothing works any more, and signing in answers as for a wrong password', async () => {
    const person = await signUp(platform);
    expect(await lives(person.accessToken)).toBe(true);

    expect(await deactivate(person)).toMatchObject({ id: person.user.id, isActive: false });

    expect(await lives(person.accessToken)).toBe(false);
    expect(await codeOf(refresh(anonymous(platform), { refreshToken: person.refreshToken }, fakeTransport()))).toBe(
      'unauthenticated',
    );
    const right = await signIn(platform, { login: person.email }).catch((error: unknown) => error);
    const wrong = await signIn(platform, { login: person.email, password: 'wrong words' }).catch(
      (error: unknown) => error,
    );
    expect(right).toMatchObject({ code: 'invalid_credentials' });
    expect(right).toEqual(wrong);
    expect((await list({ active: false })).data.map(({ id }) => id)).toEqual([person.user.id]);
    expect((await eventsOf(person.user.id)).at(-3)).toEqual({
      type: 'user.deactivated',
      actor: admin.user.id,
      organization: null,
    });

    await activateUser(await admin.ctx('none'), { userId: person.user.id });

    expect(await lives(person.accessToken)).toBe(false);
    expect(await codeOf(signIn(platform, { login: person.email }))).toBe('passed');
  });

  it('deactivates a user within 3 seconds in every other process', async () => {
    const person = await signUp(platform);
    expect(await lives(person.accessToken)).toBe(true);
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('users').set({ is_active: false }).where('id', '=', person.user.id).execute(),
    );

    clock.advance(3000);

    expect(await lives(person.accessToken)).toBe(false);
    await activateUser(await admin.ctx('none'), { userId: person.user.id });
  });

  it('deactivates no unknown user, nobody twice, and not oneself', async () => {
    const person = await signUp(platform);
    await deactivate(person);
    const count = (await eventsOf(person.user.id)).length;

    await deactivate(person);

    expect(await eventsOf(person.user.id)).toHaveLength(count);
    expect(await codeOf(deactivate(admin))).toBe('own_account');
    const missing = { userId: platform.context({ principal: null }).requestId };
    for (const act of [deactivateUser, activateUser, endSessionsOfUser])
      expect(await codeOf(act(await admin.ctx('none'), missing))).toBe('user_not_found');
  });

  it('ends the sessions of anybody', async () => {
    const person = await signUp(platform);
    const other = await signIn(platform, { login: person.email });

    await endSessionsOfUser(await admin.ctx('none'), { userId: person.user.id });

    for (const { accessToken } of [person, other]) expect(await lives(accessToken)).toBe(false);
    expect(await codeOf(signIn(platform, { login: person.email }))).toBe('passed');
  });

  it('accepts the mutation headers', async () => {
    const person = await signUp(platform);
    const path = { userId: person.user.id };
    const dry = await admin.ctx('none', {}, { dryRun: true });

    expect((await deactivateUser(dry, path)).isActive).toBe(false);
    expect(dry.outcome.dryRun?.events.map(({ type }) => type)).toEqual(['user.deactivated', 'session.ended']);
    expect(await lives(person.accessToken)).toBe(true);
    const keyed = () => admin.ctx('none', {}, { idempotencyKey: 'once', procedure: 'users.deactivate' });
    await deactivateUser(await keyed(), path);
    await activateUser(await admin.ctx('none'), path);
    const replay = await keyed();
    expect((await deactivateUser(replay, path)).isActive).toBe(false);
    expect(replay.outcome.replayed).toBe(true);
    expect((await getUserOfInstance(await admin.ctx('none'), path)).isActive).toBe(true);
  });
});
