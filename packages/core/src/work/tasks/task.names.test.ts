import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inUnit } from '../../database/unit-of-work.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { requestScope } from '../../database/scope.ts';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { updateCurrentUser, UserEntity } from '../../identity/index.ts';
import { createTask, getTask, listTasks, TaskListInput, updateTask } from '../index.ts';
import { createTag, deleteTag, updateTag } from '../tags/tag.service.ts';
import { nameCache, namesForUnit, namesIn } from './task.names.ts';

describe.each(dialects)('the names in tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let other: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    [acme, other] = [await createOrganization(platform), await createOrganization(platform, 'Other')];
  });
  afterAll(() => platform.dispose());

  const aTask = async () => {
    const { owner } = acme;
    const tag = await createTag(owner.ctx(), { name: `Tag ${Math.random()}`, color: '#112233' });
    const { id } = await createTask(owner.ctx(), { title: 'Named', tagIds: [tag.id], assigneeIds: [owner.userId] });
    return { id, tag };
  };
  const seen = async (id: string) => {
    const ctx = acme.owner.ctx();
    const [listed, got] = [await listTasks(ctx, TaskListInput.parse({})), await getTask(ctx, { id })];
    expect(listed.data.find((task) => task.id === id)).toEqual(got);
    return got;
  };

  it('are new at once when somebody has changed them', async () => {
    const { id, tag } = await aTask();
    await seen(id);
    await updateTag(acme.owner.ctx(), { id: tag.id, name: 'Renamed' });
    expect((await seen(id)).tags).toEqual([{ id: tag.id, name: 'Renamed', color: '#112233' }]);
    const { principal, ...ctx } = acme.owner.ctx();
    const person = principal && { ...principal, organizationId: null, grants: [] };
    await updateCurrentUser({ ...ctx, principal: person }, { fullName: 'Grace Hopper' });
    const task = await seen(id);
    expect([task.createdBy, ...task.assignees].map(({ fullName }) => fullName)).toEqual([
      'Grace Hopper',
      'Grace Hopper',
    ]);
    const changed = await updateTask(acme.owner.ctx(), { id, status: 'done' });
    expect(changed.tags).toEqual(task.tags);
    await deleteTag(acme.owner.ctx(), { id: tag.id });
    expect((await seen(id)).tags).toEqual([]);
  });

  it('are not those that a read has found before a change', async () => {
    const { id, tag } = await aTask();
    const ctx = acme.owner.ctx();
    nameCache.forget(platform.database, acme.id);
    const before = await namesIn(ctx);
    await updateTag(ctx, { id: tag.id, color: '#445566' });
    // The slow read keeps what it finds to itself.
    before.tags.set(tag.id, tag);
    expect((await seen(id)).tags).toMatchObject([{ color: '#445566' }]);
  });

  it('are not those that were being read while somebody changed them', async () => {
    const ctx = acme.owner.ctx();
    const { userId } = await acme.addMember('member');
    const rename = (fullName: string) =>
      writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
        unit.update(UserEntity, { id: userId }, { fullName }),
      );
    nameCache.forget(platform.database, acme.id);
    const known = await namesIn(ctx);
    // The answer of the database arrives after that of the change.
    const run: ReadDoor['run'] = async (statement, values) => {
      const rows = await read(ctx, (db) => db.run(statement, values));
      await rename('Renamed');
      return rows;
    };
    await read(ctx, ({ selectFrom, visibility }) =>
      known.load({ run, dialect, userId, selectFrom, visibility }, [[userId]], []),
    );
    expect(await nameCache.stale(platform.database)).toEqual([]);
    // So for a unit, which may go on for long after it has read.
    const before = await namesIn(ctx);
    const own = before.apart();
    await read(ctx, (db) => own.load(db, [[userId]], []));
    await rename('Renamed again');
    before.learn(own);
    expect(await nameCache.stale(platform.database)).toEqual([]);
    expect((await namesIn(ctx)).people.has(userId)).toBe(false);
  });

  it('of a unit are shared when it commits', async () => {
    const { tag } = await aTask();
    const ctx = acme.owner.ctx();
    nameCache.forget(platform.database, acme.id);
    const sizes = async () => {
      const { people, tags } = await namesIn(ctx);
      return [people.size, tags.size];
    };
    const reading = (after: () => void) =>
      inUnit(ctx, requestScope(ctx.principal), async (unit) => {
        const own = await namesForUnit(unit);
        await own.load(unit.db, [[acme.owner.userId]], [[tag.id]]);
        expect([own.people.size, own.tags.size]).toEqual([1, 1]);
        expect(await sizes()).toEqual([0, 0]);
        after();
      });
    const fail = () => {
      throw new Error('It is rolled back.');
    };
    await expect(reading(fail)).rejects.toThrow('It is rolled back.');
    expect(await sizes()).toEqual([0, 0]);
    await reading(() => {});
    expect(await sizes()).toEqual([1, 1]);
  });

  it('are those of one organization', async () => {
    const { tag } = await aTask();
    const ctx = other.owner.ctx();
    const names = await namesIn(ctx);
    await read(ctx, (db) => names.load(db, [[acme.owner.userId]], [[tag.id]]));
    expect(names.people.get(acme.owner.userId)).toEqual({ id: acme.owner.userId, username: null, fullName: null });
    expect(names.tags.size).toBe(0);
    expect((await namesIn(acme.owner.ctx())).people.get(acme.owner.userId)?.username).not.toBeNull();
  });
});
