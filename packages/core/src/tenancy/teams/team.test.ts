import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, codesOf } from '../../testing/people.ts';
import { createDepartment, deleteDepartment } from '../departments/department.service.ts';
import { removeMember } from '../members/member.service.ts';
import { addTeamMember, listTeamMembers, removeTeamMember } from './team.members.ts';
import { Team, TeamListInput, TeamMember, TeamMemberListInput } from './team.schema.ts';
import { createTeam, getTeam, listTeams, updateTeam } from './team.service.ts';

describe.each(dialects)('teams on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;
  let owner: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
    ({ owner } = acme);
  });
  afterAll(() => platform.dispose());

  const create = (name: string, departmentId?: string, by = owner) =>
    createTeam(by.ctx(), { name, ...(departmentId === undefined ? {} : { departmentId }) });
  const get = (id: string, by = owner) => getTeam(by.ctx(), { id });
  const add = (id: string, userId: string, by = owner) => addTeamMember(by.ctx(), { id, userId });
  const remove = (id: string, userId: string, by = owner) => removeTeamMember(by.ctx(), { id, userId });
  const department = async (name: string, parentId: string | null = null, by = owner) =>
    (await createDepartment(by.ctx(), { name, parentId })).id;
  const members = async (id: string, input: Partial<TeamMemberListInput> = {}) =>
    listTeamMembers(owner.ctx(), { ...TeamMemberListInput.parse({ id }), ...input });
  const memberIds = async (id: string, input: Partial<TeamMemberListInput> = {}) =>
    (await members(id, input)).data.map(({ user }) => user.id);
  const eventsOf = (entityId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actor', 'event_payloads.payload'])
        .where('events.entity_id', '=', entityId)
        .orderBy('events.id')
        .execute(),
    );

  it('are created, and read back as they were answered', async () => {
    const departmentId = await department('Of a team');
    const created = await createTeam(owner.ctx(), {
      name: 'Night shift',
      description: 'From ten to six.',
      departmentId,
    });
    expect(Team.strict().parse(created)).toEqual(created);
    expect(created).toMatchObject({ name: 'Night shift', description: 'From ten to six.', departmentId, version: 1 });
    expect(await get(created.id)).toEqual(created);
    expect(await eventsOf(created.id)).toMatchObject([
      { type: 'team.created', actor: owner.userId, payload: { changes: { departmentId: { to: departmentId } } } },
    ]);
    expect(await codeOf(deleteDepartment(owner.ctx(), { id: departmentId }))).toBe('department_not_empty');
  });

  it('leave their department when it is cleared, and refuse a stale version', async () => {
    const { id } = await create('Traced', await department('Traced'));
    expect(await updateTeam(owner.ctx(), { id, name: 'Traced again' })).toMatchObject({ version: 2 });
    expect(await updateTeam(owner.ctx(), { id, name: 'Traced again' })).toMatchObject({ version: 2 });
    expect(await eventsOf(id)).toHaveLength(2);
    expect(await updateTeam(owner.ctx(), { id, departmentId: null })).toMatchObject({ departmentId: null });
    expect(await codeOf(updateTeam(owner.ctx({ ifMatch: 1 }), { id, name: 'Stale' }))).toBe('version_conflict');
  });

  it('have different names, without case', async () => {
    const { id } = await create('Unique');
    expect(await codeOf(create('UNIQUE'))).toBe('team_name_taken');
    const other = await create('Another');
    expect(await codeOf(updateTeam(owner.ctx(), { id: other.id, name: 'unique' }))).toBe('team_name_taken');
    expect(await codeOf(updateTeam(owner.ctx(), { id, name: 'UNIQUE' }))).toBe('passed');
    const results = await Promise.all(Array.from({ length: 5 }, () => codeOf(create('At once'))));
    expect(results.toSorted()).toEqual(['passed', ...Array.from({ length: 4 }, () => 'team_name_taken')]);
  });

  it('belong to a department of this organization, and are nothing to another', async () => {
    const other = await createOrganization(platform, 'Other');
    const theirs = await department('Theirs', null, other.owner);
    const { id } = await create('Pointing');
    for (const departmentId of [theirs, uuidv7()]) {
      await expect(create('Foreign', departmentId)).rejects.toMatchObject({
        code: 'department_not_found',
        details: { field: ['departmentId'] },
      });
      expect(await codeOf(updateTeam(owner.ctx(), { id, departmentId }))).toBe('department_not_found');
    }
    expect(await codeOf(get(id, other.owner))).toBe('team_not_found');
    expect(await codeOf(updateTeam(other.owner.ctx(), { id, name: 'Mine' }))).toBe('team_not_found');
    expect(await codeOf(add(id, other.owner.userId, other.owner))).toBe('team_not_found');
    expect(await create('Pointing', undefined, other.owner)).toMatchObject({ version: 1 });
  });

  it('are changed by admins, and read by everybody', async () => {
    const [admin, manager, viewer] = [
      await acme.addMember('admin'),
      await acme.addMember('manager'),
      await acme.addMember('viewer'),
    ];
    const { id } = await create('Policy', undefined, admin);
    expect(await get(id, viewer)).toMatchObject({ name: 'Policy' });
    const codes = await codesOf([
      create('Another', undefined, manager),
      updateTeam(manager.ctx(), { id, name: 'Changed' }),
      add(id, manager.userId, manager),
      remove(id, manager.userId, manager),
    ]);
    expect(codes).toEqual(['permission_denied']);
  });

  it('are found by department, subtree, member and part of the name, page by page', async () => {
    const organization = await createOrganization(platform, 'Lists');
    const by = organization.owner;
    const top = await department('Top', null, by);
    const below = await department('Below', top, by);
    const beside = await department('Beside', null, by);
    const made = [await create('Alpha', top, by), await create('Beta', below, by), await create('Gamma', beside, by)];
    const free = await create('100% Free', undefined, by);
    const { userId } = await organization.addMember('member');
    await add(made[1]?.id ?? '', userId, by);
    await add(free.id, by.userId, by);
    const found = async (input: Partial<TeamListInput>) => {
      const page = await listTeams(by.ctx(), { ...TeamListInput.parse({ sort: 'name' }), ...input });
      return page.data.map((team) => team.name);
    };

    expect(await found({ department: [top] })).toEqual(['Alpha']);
    expect(await found({ department: [top], subtree: true })).toEqual(['Alpha', 'Beta']);
    expect(await found({ department: [below, beside], subtree: true })).toEqual(['Beta', 'Gamma']);
    expect(await found({ department: [top, below], subtree: true })).toEqual(['Alpha', 'Beta']);
    expect(await found({ department: ['none'] })).toEqual(['100% Free']);
    expect(await found({ department: ['none', beside], subtree: true })).toEqual(['100% Free', 'Gamma']);
    expect(await found({ department: [uuidv7()], subtree: true })).toEqual([]);
    expect(await found({ member: [userId] })).toEqual(['Beta']);
    expect(await found({ member: ['me', userId] })).toEqual(['100% Free', 'Beta']);
    expect(await found({ search: 'A' })).toEqual(['Alpha', 'Beta', 'Gamma']);
    expect(await found({ search: '0%' })).toEqual(['100% Free']);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const input = TeamListInput.parse({ limit: 3, sort: '-name', total: true, ...(cursor ? { cursor } : {}) });
      const page = await listTeams(by.ctx(), input);
      expect(page.total).toBe(4);
      seen.push(...page.data.map((team) => team.name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(['Gamma', 'Beta', 'Alpha', '100% Free']);
  });

  describe('members', () => {
    it('are added once, listed page by page, and taken out', async () => {
      const { id } = await create('Staffed');
      const people: string[] = [];
      for (let index = 0; index < 4; index++) {
        const { userId } = await acme.addMember('member');
        clock.advance(1000);
        const added = await add(id, userId);
        expect(TeamMember.strict().parse(added)).toEqual(added);
        expect(added).toMatchObject({ user: { id: userId }, addedAt: clock.now().toISOString() });
        people.unshift(userId);
      }
      clock.advance(1000);
      const again = await add(id, people[3] ?? '');
      expect(again.addedAt).not.toBe(clock.now().toISOString());
      const first = await members(id, { limit: 3, total: true });
      expect(first.total).toBe(4);
      const rest = await members(id, { limit: 3, cursor: first.nextCursor ?? undefined });
      expect([...first.data, ...rest.data].map(({ user }) => user.id)).toEqual(people);
      expect(await memberIds(id, { sort: 'addedAt' })).toEqual(people.toReversed());
      await remove(id, people[0] ?? '');
      expect(await memberIds(id)).toEqual(people.slice(1));
      expect(await codeOf(remove(id, people[0] ?? ''))).toBe('member_not_found');
      expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
        'team.created',
        ...people.map(() => 'team.member_added'),
        'team.member_removed',
      ]);
      expect(await get(id)).toMatchObject({ version: 1 });
      expect(await codeOf(members(uuidv7()))).toBe('team_not_found');
    });

    it('are members of this organization', async () => {
      const other = await createOrganization(platform, 'Elsewhere');
      const { id } = await create('Closed');
      for (const userId of [other.owner.userId, uuidv7()])
        await expect(add(id, userId)).rejects.toMatchObject({
          code: 'member_not_found',
          details: { field: ['userId'] },
        });
    });

    it('leave when their membership ends, also while they are being added', async () => {
      const [first, second] = [await create('First'), await create('Second')];
      const stays = await acme.addMember('member');
      await add(first.id, stays.userId);
      for (let round = 0; round < 5; round++) {
        const { userId } = await acme.addMember('member');
        await add(first.id, userId);
        await Promise.all([
          codeOf(add(second.id, userId)),
          removeMember(owner.ctx(), { organizationId: acme.id, userId }),
        ]);
        expect(await memberIds(first.id)).toEqual([stays.userId]);
        expect(await memberIds(second.id)).toEqual([]);
        expect((await eventsOf(first.id)).at(-1)).toMatchObject({
          type: 'team.member_removed',
          payload: { data: { userId } },
        });
        expect(await codeOf(add(first.id, userId))).toBe('member_not_found');
      }
    });
  });
});
