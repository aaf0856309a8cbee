import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { createPlatform, type Platform } from '../../platform.ts';
import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, contextOf } from '../../testing/people.ts';
import { reinstateMember, removeMember, suspendMember, updateMember } from './member.service.ts';
import { listMembers } from './member.queries.ts';
import { Member, MemberListInput } from './member.schema.ts';

describe.each(dialects)('the life of a membership on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  const organizationId = 'of-the-context';
  let platform: TestPlatform;
  /** Another instance on the same database. */
  let elsewhere: Platform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    elsewhere = await createPlatform(platform.settings, { clock });
  });
  afterAll(async () => {
    await elsewhere.close();
    await platform.dispose();
  });

  const suspend = (by: TestMember, { userId }: { userId: string }) =>
    suspendMember(by.ctx(), { organizationId, userId });
  const reinstate = (by: TestMember, { userId }: { userId: string }) =>
    reinstateMember(by.ctx(), { organizationId, userId });
  const eventsOf = (id: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actor', 'events.entity_id as entity', 'event_payloads.payload'])
        .where('events.organization_id', '=', id)
        .orderBy('events.id')
        .execute(),
    );

  it('is suspended and reinstated with the roles that it had, on every instance within 5 seconds', async () => {
    const acme = await createOrganization(platform);
    const [admin, member] = [await acme.addMember('admin'), await acme.addMember('manager', 'developer')];
    const token = await accessTokenOf(platform, member);
    const [here, there] = [platform, elsewhere].map(
      (instance) => () => codeOf(contextOf(instance, token, 'required', { path: acme.id })),
    ) as [() => Promise<string>, () => Promise<string>];
    expect([await here(), await there()]).toEqual(['passed', 'passed']);

    const suspended = await suspend(admin, member);

    expect(Member.strict().parse(suspended)).toEqual(suspended);
    expect(suspended).toMatchObject({ status: 'suspended', roles: [{ key: 'manager' }, { key: 'developer' }] });
    expect(await here()).toBe('organization_not_found');
    clock.advance(4999);
    expect(await there()).toBe('organization_not_found');
    const { data } = await listMembers(acme.owner.ctx(), MemberListInput.parse({ organizationId }));
    expect(data.find(({ user }) => user.id === member.userId)).toEqual(suspended);

    expect(await reinstate(admin, member)).toEqual({ ...suspended, status: 'active' });
    expect(await here()).toBe('passed');
    clock.advance(4999);
    expect(await there()).toBe('passed');
    expect(await eventsOf(acme.id)).toMatchObject([
      {
        type: 'member.suspended',
        actor: admin.userId,
        entity: member.userId,
        payload: { changes: { status: { from: 'active', to: 'suspended' } } },
      },
      { type: 'member.reinstated', payload: { changes: { status: { from: 'suspended', to: 'active' } } } },
    ]);
  });

  it('is suspended once; what is nothing to change tells nothing', async () => {
    const acme = await createOrganization(platform);
    const member = await acme.addMember('member');
    await suspend(acme.owner, member);
    await suspend(acme.owner, member);
    await reinstate(acme.owner, member);
    await reinstate(acme.owner, member);
    expect((await eventsOf(acme.id)).map(({ type }) => type)).toEqual(['member.suspended', 'member.reinstated']);
  });

  it('is suspended by those who hold as much, and is there', async () => {
    const [acme, other] = [await createOrganization(platform), await createOrganization(platform)];
    const [admin, manager, second] = [
      await acme.addMember('admin'),
      await acme.addMember('manager'),
      await acme.addMember('owner'),
    ];
    const ended = await acme.addMember('member');
    await removeMember(acme.owner.ctx(), { organizationId, userId: ended.userId });

    expect(await codeOf(suspend(manager, admin))).toBe('permission_denied');
    expect(await codeOf(reinstate(manager, admin))).toBe('permission_denied');
    expect(await codeOf(suspend(admin, second))).toBe('role_exceeds_own');
    for (const of of [other.owner, ended, { userId: uuidv7() }]) {
      expect(await codeOf(suspend(admin, of))).toBe('member_not_found');
      expect(await codeOf(reinstate(admin, of))).toBe('member_not_found');
    }
    await suspend(acme.owner, second);
    expect(await codeOf(reinstate(admin, second))).toBe('role_exceeds_own');
    expect(await codeOf(suspend(acme.owner, acme.owner))).toBe('last_owner');
  });

  it('of the last owner stays when two owners suspend, or suspend and remove, each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      const acme = await createOrganization(platform);
      const second = await acme.addMember('owner');
      const codes = await Promise.all([
        codeOf(suspend(acme.owner, second)),
        codeOf(
          round % 2 === 0
            ? suspend(second, acme.owner)
            : removeMember(second.ctx(), { organizationId, userId: acme.owner.userId }),
        ),
      ]);
      expect(codes.toSorted()).toEqual(['last_owner', 'passed']);
    }
  });

  it('has a title, which those who run the members change', async () => {
    const acme = await createOrganization(platform);
    const [member, stranger] = [await acme.addMember('member'), await createOrganization(platform)];
    const update = (by: TestMember, title: string | null, userId = member.userId) =>
      updateMember(by.ctx(), { organizationId, userId, title });

    expect(await update(acme.owner, 'Boatswain')).toMatchObject({ title: 'Boatswain' });
    await update(acme.owner, 'Boatswain');
    expect(await update(acme.owner, null)).toMatchObject({ title: null });

    expect(await codeOf(update(member, 'Captain'))).toBe('permission_denied');
    expect(await codeOf(update(acme.owner, 'Captain', stranger.owner.userId))).toBe('member_not_found');
    expect(await eventsOf(acme.id)).toMatchObject([
      { type: 'member.updated', payload: { changes: { title: { from: null, to: 'Boatswain' } } } },
      { type: 'member.updated', payload: { changes: { title: { from: 'Boatswain', to: null } } } },
    ]);
  });
});
