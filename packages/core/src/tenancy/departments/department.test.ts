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
import { maxDepth } from './department.path.ts';
import { getDepartment, listDepartments } from './department.queries.ts';
import { Department, DepartmentListInput } from './department.schema.ts';
import { createDepartment, deleteDepartment, moveDepartment, updateDepartment } from './department.service.ts';

describe.each(dialects)('departments on %s', (dialect) => {
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

  const create = (name: string, parentId?: string, by = owner) =>
    createDepartment(by.ctx(), { name, ...(parentId === undefined ? {} : { parentId }) });
  const move = (id: string, parentId: string | null, by = owner) => moveDepartment(by.ctx(), { id, parentId });
  const get = (id: string, by = owner) => getDepartment(by.ctx(), { id });
  const namesOf = async (input: Partial<DepartmentListInput> = {}, by = owner) => {
    const page = await listDepartments(by.ctx(), { ...DepartmentListInput.parse({ sort: 'name' }), ...input });
    return page.data.map((department) => department.name);
  };
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

  it('are created at the top or below another, and read back as they were answered', async () => {
    const head = await acme.addMember('member');
    const top = await createDepartment(owner.ctx(), {
      name: 'Operations',
      description: 'Whatever moves.',
      headUserId: head.userId,
    });
    expect(Department.strict().parse(top)).toEqual(top);
    expect(top).toMatchObject({ parentId: null, path: [top.id], head: { id: head.userId }, version: 1 });
    const below = await create('Logistics', top.id);
    expect(below).toMatchObject({ parentId: top.id, path: [top.id, below.id], head: null, description: null });
    expect(await get(below.id)).toEqual(below);
    expect(await eventsOf(top.id)).toMatchObject([
      { type: 'department.created', actor: owner.userId, payload: { changes: { headUserId: { to: head.userId } } } },
    ]);
  });

  it('lose what is cleared, and refuse a stale version', async () => {
    const { id } = await create('Traced');
    const fields = { id, name: 'Traced again', description: 'Now there is one', headUserId: owner.userId };
    expect(await updateDepartment(owner.ctx(), fields)).toMatchObject({ version: 2 });
    expect(await updateDepartment(owner.ctx(), { id, name: 'Traced again' })).toMatchObject({ version: 2 });
    expect(await eventsOf(id)).toHaveLength(2);
    expect(await updateDepartment(owner.ctx(), { id, headUserId: null, description: null })).toMatchObject({
      head: null,
      description: null,
    });
    expect(await codeOf(updateDepartment(owner.ctx({ ifMatch: 1 }), { id, name: 'Stale' }))).toBe('version_conflict');
  });

  it('of one parent have different names, without case', async () => {
    const top = await create('Unique');
    expect(await codeOf(create('UNIQUE'))).toBe('department_name_taken');
    const below = await create('Unique', top.id);
    expect(await codeOf(create('unique', top.id))).toBe('department_name_taken');
    expect(await codeOf(move(below.id, null))).toBe('department_name_taken');
    await updateDepartment(owner.ctx(), { id: below.id, name: 'Different' });
    expect(await codeOf(updateDepartment(owner.ctx(), { id: below.id, name: 'Unique' }))).toBe('passed');
    const results = await Promise.all(Array.from({ length: 5 }, () => codeOf(create('At once'))));
    expect(results.filter((code) => code === 'passed')).toHaveLength(1);
    expect(results.filter((code) => code === 'department_name_taken')).toHaveLength(4);
  });

  it('point at departments and members of this organization only', async () => {
    const other = await createOrganization(platform, 'Other');
    const theirs = await create('Theirs', undefined, other.owner);
    const { id } = await create('Pointing');
    for (const foreign of [theirs.id, uuidv7()]) {
      expect(await codeOf(get(foreign))).toBe('department_not_found');
      await expect(create('Below', foreign)).rejects.toMatchObject({
        code: 'department_not_found',
        details: { field: ['parentId'] },
      });
      await expect(move(id, foreign)).rejects.toMatchObject({ details: { field: ['parentId'] } });
      expect(await codeOf(move(foreign, null))).toBe('department_not_found');
      expect(await codeOf(deleteDepartment(owner.ctx(), { id: foreign }))).toBe('department_not_found');
      expect(await namesOf({ within: foreign })).toEqual([]);
    }
    for (const headUserId of [other.owner.userId, uuidv7()]) {
      const refused = { code: 'member_not_found', details: { field: ['headUserId'] } };
      await expect(updateDepartment(owner.ctx(), { id, headUserId })).rejects.toMatchObject(refused);
      await expect(createDepartment(owner.ctx(), { name: 'Led', headUserId })).rejects.toMatchObject(refused);
    }
    expect(await namesOf({}, other.owner)).toEqual(['Theirs']);
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
      updateDepartment(manager.ctx(), { id, name: 'Changed' }),
      move(id, null, manager),
      deleteDepartment(manager.ctx(), { id }),
    ]);
    expect(codes).toEqual(['permission_denied']);
    expect(await codeOf(deleteDepartment(admin.ctx(), { id }))).toBe('passed');
  });

  it('move with everything below them', async () => {
    const { owner: by } = await createOrganization(platform, 'Moves');
    const a = await create('A', undefined, by);
    const b = await create('B', a.id, by);
    const c = await create('C', b.id, by);
    const d = await create('D', undefined, by);

    const moved = await move(b.id, d.id, by);

    expect(moved).toMatchObject({ parentId: d.id, path: [d.id, b.id], version: 2 });
    expect(await get(c.id, by)).toMatchObject({ path: [d.id, b.id, c.id], version: 1 });
    expect(await eventsOf(b.id)).toMatchObject([
      { type: 'department.created' },
      { type: 'department.moved', payload: { changes: { parentId: { from: a.id, to: d.id } }, data: { version: 2 } } },
    ]);
    expect(await namesOf({ within: d.id }, by)).toEqual(['B', 'C', 'D']);
    expect(await namesOf({ within: a.id }, by)).toEqual(['A']);
    expect(await move(b.id, d.id, by)).toMatchObject({ version: 2 });
    expect(await move(b.id, null, by)).toMatchObject({ parentId: null, path: [b.id], version: 3 });
    expect(await get(c.id, by)).toMatchObject({ path: [b.id, c.id] });
    expect(await codeOf(moveDepartment(by.ctx({ ifMatch: 2 }), { id: b.id, parentId: a.id }))).toBe('version_conflict');
  });

  it('never close a circle, also when two moves would do so together', async () => {
    const { owner: by } = await createOrganization(platform, 'Circles');
    const a = await create('A', undefined, by);
    const b = await create('B', a.id, by);
    expect(await codeOf(move(a.id, a.id, by))).toBe('department_cycle');
    expect(await codeOf(move(a.id, b.id, by))).toBe('department_cycle');
    for (let round = 0; round < 5; round++) {
      const x = await create(`X${round}`, undefined, by);
      const y = await create(`Y${round}`, undefined, by);
      const below = await create('Below', y.id, by);
      const codes = await Promise.all([codeOf(move(x.id, below.id, by)), codeOf(move(y.id, x.id, by))]);
      expect(codes.toSorted()).toEqual(['department_cycle', 'passed']);
      const [first, second] = [await get(x.id, by), await get(y.id, by)];
      expect([first, second].filter(({ parentId }) => parentId === null)).toHaveLength(1);
      expect(await get(below.id, by)).toMatchObject({ path: [...second.path, below.id] });
    }
  });

  it('are at most so many levels deep', async () => {
    const { owner: by } = await createOrganization(platform, 'Depth');
    const chain = [await create('Level 1', undefined, by)];
    for (let level = 2; level <= maxDepth; level++) chain.push(await create(`Level ${level}`, chain.at(-1)?.id, by));
    expect(chain.at(-1)?.path).toHaveLength(maxDepth);
    expect(await codeOf(create('Too deep', chain.at(-1)?.id, by))).toBe('department_too_deep');
    const [top] = chain;
    const other = await create('Other', undefined, by);
    expect(await codeOf(move(top?.id ?? '', other.id, by))).toBe('department_too_deep');
    const single = await create('Single', undefined, by);
    expect(await codeOf(move(single.id, chain.at(-2)?.id ?? '', by))).toBe('passed');
    expect(await codeOf(move(single.id, chain.at(-1)?.id ?? '', by))).toBe('department_too_deep');
  });

  it('are deleted for ever once they are empty', async () => {
    const parent = await create('Parent');
    const child = await create('Child', parent.id);
    expect(await codeOf(deleteDepartment(owner.ctx(), { id: parent.id }))).toBe('department_not_empty');
    expect(await codeOf(deleteDepartment(owner.ctx({ ifMatch: 7 }), { id: child.id }))).toBe('version_conflict');
    await deleteDepartment(owner.ctx(), { id: child.id });
    await deleteDepartment(owner.ctx(), { id: parent.id });
    expect(await codeOf(get(parent.id))).toBe('department_not_found');
    expect((await eventsOf(parent.id)).at(-1)).toMatchObject({
      type: 'department.deleted',
      payload: { data: { name: 'Parent' } },
    });
  });

  it('are found by parent, subtree and part of the name, page by page', async () => {
    const { owner: by } = await createOrganization(platform, 'Lists');
    const sales = await create('Sales', undefined, by);
    const emea = await create('Sales EMEA', sales.id, by);
    await create('100% Ärger_', emea.id, by);
    await create('Other', undefined, by);

    expect(await namesOf({ parent: ['none'] }, by)).toEqual(['Other', 'Sales']);
    expect(await namesOf({ parent: [sales.id] }, by)).toEqual(['Sales EMEA']);
    expect(await namesOf({ parent: [sales.id, 'none'] }, by)).toEqual(['Other', 'Sales', 'Sales EMEA']);
    expect(await namesOf({ within: emea.id }, by)).toEqual(['100% Ärger_', 'Sales EMEA']);
    expect(await namesOf({ search: 'SALES' }, by)).toEqual(['Sales', 'Sales EMEA']);
    expect(await namesOf({ search: 'ärger_' }, by)).toEqual(['100% Ärger_']);
    expect(await namesOf({ search: 's_l' }, by)).toEqual([]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const input = DepartmentListInput.parse({ limit: 3, sort: '-name', total: true, ...(cursor ? { cursor } : {}) });
      const found = await listDepartments(by.ctx(), input);
      expect(found.total).toBe(4);
      seen.push(...found.data.map((department) => department.name));
      cursor = found.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(['Sales EMEA', 'Sales', 'Other', '100% Ärger_']);
  });
});
