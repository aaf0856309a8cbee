import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
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
import { codeOf } from '../../testing/people.ts';
import { listMembers, memberById } from '../members/member.queries.ts';
import { MemberListInput } from '../members/member.schema.ts';
import { removeMember } from '../members/member.service.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { addDepartmentMember, listDepartmentMembers, removeDepartmentMember } from './department.members.ts';
import { DepartmentMember, DepartmentMemberListInput } from './department.schema.ts';
import { getDepartment } from './department.queries.ts';
import { createDepartment, deleteDepartment, updateDepartment } from './department.service.ts';

describe.each(dialects)('members of departments on %s', (dialect) => {
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

  let count = 0;
  const department = async (parentId: string | null = null) =>
    (await createDepartment(owner.ctx(), { name: `Department ${++count}`, parentId })).id;
  const add = (id: string, userId: string, by = owner) => addDepartmentMember(by.ctx(), { id, userId });
  const remove = (id: string, userId: string, by = owner) => removeDepartmentMember(by.ctx(), { id, userId });
  const list = (id: string, input: Partial<DepartmentMemberListInput> = {}) =>
    listDepartmentMembers(owner.ctx(), { ...DepartmentMemberListInput.parse({ id }), ...input });
  const idsIn = async (id: string, input: Partial<DepartmentMemberListInput> = {}) =>
    (await list(id, input)).data.map(({ user }) => user.id);
  const typesOf = async (entityId: string) => {
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('events').select('type').where('entity_id', '=', entityId).orderBy('id').execute(),
    );
    return rows.map(({ type }) => type);
  };
  const departmentIdOf = async (userId: string) => {
    const input = MemberListInput.parse({ organizationId: acme.id, limit: 100, status: ['active', 'ended'] });
    return (await listMembers(owner.ctx(), input)).data.find(({ user }) => user.id === userId)?.departmentId;
  };

  it('work in one of each organization, also where no wall keeps them apart', async () => {
    const other = await createOrganization(platform, 'Other');
    const { userId } = owner;
    const now = clock.now();
    await writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
      unit.insert(MembershipEntity, {
        organizationId: other.id,
        userId,
        status: 'active',
        version: 1,
        joinedAt: now,
        createdAt: now,
        updatedAt: now,
      }),
    );
    const here = await department();
    const there = (await createDepartment(other.owner.ctx(), { name: 'There', parentId: null })).id;
    await add(here, userId);
    await addDepartmentMember(other.owner.ctx(), { id: there, userId });
    const shownIn = (organizationId: string) =>
      writeThroughIdentityDoor(owner.ctx(), async (unit) => {
        const { departmentId } = await memberById(unit, userId, organizationId);
        return departmentId;
      });
    expect([await shownIn(acme.id), await shownIn(other.id)]).toEqual([here, there]);
  });

  it('work in one at most, which their membership shows', async () => {
    const [first, second] = [await department(), await department()];
    const { userId } = await acme.addMember('member');
    expect(await departmentIdOf(userId)).toBeNull();

    const added = await add(first, userId);
    expect(DepartmentMember.strict().parse(added)).toEqual(added);
    expect(added).toMatchObject({ user: { id: userId }, departmentId: first, addedAt: clock.now().toISOString() });
    expect(await add(first, userId)).toEqual(added);
    await add(second, userId);
    const { userId: other } = await acme.addMember('member');
    expect(await add(await department(), other)).toMatchObject({ user: { id: other } });

    expect(await departmentIdOf(userId)).toBe(second);
    expect(await idsIn(first)).toEqual([]);
    expect(await idsIn(second)).toEqual([userId]);
    expect(await typesOf(first)).toEqual([
      'department.created',
      'department.member_added',
      'department.member_removed',
    ]);
    expect(await typesOf(second)).toEqual(['department.created', 'department.member_added']);
    await remove(second, userId);
    expect(await departmentIdOf(userId)).toBeNull();
    expect(await typesOf(second)).toContain('department.member_removed');
    expect(await codeOf(remove(second, userId))).toBe('member_not_found');
  });

  it('are listed page by page, with those of the departments below when asked', async () => {
    const top = await department();
    const middle = await department(top);
    const bottom = await department(middle);
    const people: string[] = [];
    for (const id of [top, middle, bottom, bottom]) {
      const { userId } = await acme.addMember('member');
      clock.advance(1000);
      await add(id, userId);
      people.unshift(userId);
    }
    expect(await idsIn(top)).toEqual([people.at(-1)]);
    expect(await idsIn(middle, { subtree: true })).toEqual(people.slice(0, 3));
    const first = await list(top, { subtree: true, limit: 3, total: true });
    expect(first.total).toBe(4);
    const rest = await list(top, { subtree: true, limit: 3, cursor: first.nextCursor ?? undefined });
    expect([...first.data, ...rest.data].map(({ user }) => user.id)).toEqual(people);
    expect(rest.nextCursor).toBeNull();
    expect(await idsIn(top, { subtree: true, sort: 'addedAt' })).toEqual(people.toReversed());
    expect(await codeOf(list(uuidv7()))).toBe('department_not_found');
  });

  it('are members of this organization, and added by admins', async () => {
    const other = await createOrganization(platform, 'Other');
    const [manager, member] = [await acme.addMember('manager'), await acme.addMember('member')];
    const id = await department();
    for (const userId of [other.owner.userId, uuidv7()])
      await expect(add(id, userId)).rejects.toMatchObject({
        code: 'member_not_found',
        details: { field: ['userId'] },
      });
    expect(await codeOf(add(id, member.userId, other.owner))).toBe('department_not_found');
    expect(await codeOf(add(id, member.userId, manager))).toBe('permission_denied');
    expect(await codeOf(remove(id, member.userId, manager))).toBe('permission_denied');
  });

  it('keep a department from being deleted', async () => {
    const id = await department();
    const { userId } = await acme.addMember('member');
    await add(id, userId);
    expect(await codeOf(deleteDepartment(owner.ctx(), { id }))).toBe('department_not_empty');
    await remove(id, userId);
    expect(await codeOf(deleteDepartment(owner.ctx(), { id }))).toBe('passed');
  });

  it('leave it, and lead none any more, when their membership ends', async () => {
    const id = await department();
    const { userId } = await acme.addMember('member');
    await add(id, userId);
    await updateDepartment(owner.ctx(), { id, headUserId: userId });

    await removeMember(owner.ctx(), { organizationId: acme.id, userId });

    expect(await idsIn(id)).toEqual([]);
    expect(await departmentIdOf(userId)).toBeNull();
    expect(await getDepartment(owner.ctx(), { id })).toMatchObject({ head: null, version: 3 });
    expect((await typesOf(id)).slice(-2)).toEqual(['department.member_removed', 'department.updated']);
    expect(await codeOf(add(id, userId))).toBe('member_not_found');
    expect(await codeOf(updateDepartment(owner.ctx(), { id, headUserId: userId }))).toBe('member_not_found');
  });

  it('added while their membership ends are not left behind', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await department();
      const { userId } = await acme.addMember('member');
      await Promise.all([
        codeOf(add(id, userId)),
        codeOf(updateDepartment(owner.ctx(), { id, headUserId: userId })),
        removeMember(owner.ctx(), { organizationId: acme.id, userId }),
      ]);
      expect(await idsIn(id)).toEqual([]);
      expect(await getDepartment(owner.ctx(), { id })).toMatchObject({ head: null });
    }
  });
});
