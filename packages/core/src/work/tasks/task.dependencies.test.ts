import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import {
  addDependency,
  bulkUpdateTasks,
  createTask,
  deleteTask,
  getTask,
  listTaskActivity,
  listTasks,
  removeDependency,
  restoreTask,
  TaskBulkUpdate,
  TaskListInput,
  updateTask,
} from '../index.ts';
import { TaskDependencyEntity } from './task.entity.ts';

describe.each(dialects)('dependencies of tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const create = async (title: string, assigneeIds: string[] = []) =>
    (await createTask(acme.owner.ctx(), { title, assigneeIds })).id;
  const two = async (): Promise<[string, string]> => [await create('Waits'), await create('Blocks')];
  const add = (id: string, otherId: string, who = acme.owner) => addDependency(who.ctx(), { id, otherId });
  const get = (id: string, who = acme.owner) => getTask(who.ctx(), { id });
  const listed = async (input: object, ids: readonly string[], who: TestMember = acme.owner) => {
    const { data } = await listTasks(who.ctx(), TaskListInput.parse({ ...input, limit: 100 }));
    return data.map(({ id }) => id).filter((id) => ids.includes(id));
  };

  it('are shown on both tasks, and raise the version of the one that waits once', async () => {
    const [id, otherId] = await two();
    const added = await add(id, otherId);
    expect(added).toMatchObject({ blockedBy: [otherId], blocks: [], version: 2 });
    expect(await get(id)).toEqual(added);
    expect(await get(otherId)).toMatchObject({ blockedBy: [], blocks: [id], version: 1 });
    expect(await add(id, otherId)).toEqual(added);
    const { data } = await listTasks(acme.owner.ctx(), TaskListInput.parse({ limit: 2 }));
    expect(data.map(({ blockedBy, blocks }) => [blockedBy, blocks])).toEqual([
      [[], [id]],
      [[otherId], []],
    ]);
    const [other] = await bulkUpdateTasks(
      acme.owner.ctx(),
      TaskBulkUpdate.parse({ ids: [otherId], changes: { title: 'Still blocks' } }),
    );
    expect(other?.task).toMatchObject({ title: 'Still blocks', blocks: [id] });
    const activity = await listTaskActivity(acme.owner.ctx(), { id, limit: 10, total: true });
    expect(activity.data).toMatchObject([
      { type: 'task.dependency_added', data: { blockedBy: otherId, version: 2 } },
      { type: 'task.created' },
    ]);
    const removed = await removeDependency(acme.owner.ctx({ ifMatch: 2 }), { id, otherId });
    expect(removed).toMatchObject({ blockedBy: [], version: 3 });
    expect(await get(id)).toEqual(removed);
    expect(await get(otherId)).toMatchObject({ blocks: [], version: 2 });
    const missing = { code: 'dependency_not_found' };
    await expect(removeDependency(acme.owner.ctx(), { id, otherId })).rejects.toMatchObject(missing);
  });

  it('compare If-Match with the task that waits', async () => {
    const [id, otherId] = await two();
    await updateTask(acme.owner.ctx(), { id: otherId, title: 'Second version' });
    const stale = addDependency(acme.owner.ctx({ ifMatch: 2 }), { id, otherId });
    await expect(stale).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await addDependency(acme.owner.ctx({ ifMatch: 1 }), { id, otherId })).toMatchObject({ version: 2 });
  });

  it('never form a circle', async () => {
    const ids = [await create('A'), await create('B'), await create('C')];
    const [a = '', b = '', c = ''] = ids;
    await add(a, b);
    await add(b, c);
    const circle = { code: 'dependency_cycle', details: { field: ['otherId'] } };
    for (const [id, otherId] of [
      [a, a],
      [b, a],
      [c, a],
    ] as const)
      await expect(add(id, otherId)).rejects.toMatchObject(circle);
    expect(await get(c)).toMatchObject({ blockedBy: [], version: 1 });
    // A task in the trash can come back, so it counts.
    await deleteTask(acme.owner.ctx(), { id: b, permanent: false });
    await expect(add(c, a)).rejects.toMatchObject(circle);
  });

  it('never form a circle when two are added at once', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = await two();
      const outcomes = await Promise.allSettled([add(a, b), add(b, a)]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'dependency_cycle' },
      });
    }
  });

  it('never form a circle when two are added at once between four tasks', async () => {
    for (let round = 0; round < 5; round++) {
      const [[a, b], [c, d]] = [await two(), await two()];
      await add(b, c);
      await add(d, a);
      const outcomes = await Promise.allSettled([add(a, b), add(c, d)]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('do not block while the other task is finished already', async () => {
    const [id, otherId] = await two();
    await updateTask(acme.owner.ctx(), { id: otherId, status: 'done' });
    await add(id, otherId);
    expect(await listed({ blocked: true }, [id, otherId])).toEqual([]);
    await updateTask(acme.owner.ctx(), { id: otherId, status: 'todo' });
    expect(await listed({ blocked: true }, [id, otherId])).toEqual([id]);
  });

  it('block until the other task is done, archived or in the trash', async () => {
    const [id, otherId] = await two();
    const ids = [id, otherId];
    expect(await listed({ blocked: true }, ids)).toEqual([]);
    await add(id, otherId);
    const expectBlocked = async (isBlocked: boolean) => {
      expect(await listed({ blocked: true }, ids)).toEqual(isBlocked ? [id] : []);
      expect((await listed({ blocked: false }, ids)).includes(id)).toBe(!isBlocked);
    };
    await expectBlocked(true);
    for (const status of ['done', 'archived'] as const) {
      await updateTask(acme.owner.ctx(), { id: otherId, status });
      await expectBlocked(false);
    }
    expect(await get(id)).toMatchObject({ blockedBy: [otherId] });
    await updateTask(acme.owner.ctx(), { id: otherId, status: 'in_review' });
    await expectBlocked(true);
    await deleteTask(acme.owner.ctx(), { id: otherId, permanent: false });
    await expectBlocked(false);
    expect(await get(id)).toMatchObject({ blockedBy: [], version: 2 });
    expect(await restoreTask(acme.owner.ctx(), { id: otherId })).toMatchObject({ blocks: [id] });
    await expectBlocked(true);
    await deleteTask(acme.owner.ctx(), { id: otherId, permanent: true });
    await expectBlocked(false);
    const left = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('task_dependencies').selectAll().where('task_id', '=', id).execute(),
    );
    expect(left).toEqual([]);
  });

  it('show and count only tasks that the caller sees', async () => {
    const developer = await acme.addMember('developer');
    const mine = await create('Mine', [developer.userId]);
    const [hidden, seen] = [await create('Hidden'), await create('Seen', [developer.userId])];
    const missing = { code: 'task_not_found', details: { field: ['otherId'] } };
    for (const otherId of [hidden, randomUUID()])
      await expect(add(mine, otherId, developer)).rejects.toMatchObject(missing);
    await expect(add(hidden, mine, developer)).rejects.toMatchObject({ code: 'task_not_found' });
    await add(mine, hidden);
    await add(hidden, seen);
    expect(await get(mine, developer)).toMatchObject({ blockedBy: [], blocks: [] });
    expect(await get(seen, developer)).toMatchObject({ blocks: [] });
    expect(await listed({ blocked: true }, [mine], developer)).toEqual([]);
    expect(await listed({ blocked: true }, [mine])).toEqual([mine]);
    const unknown = removeDependency(developer.ctx(), { id: mine, otherId: hidden });
    await expect(unknown).rejects.toMatchObject({ code: 'dependency_not_found' });
    expect(await add(mine, seen, developer)).toMatchObject({ blockedBy: [seen] });
    expect((await get(mine)).blockedBy.toSorted()).toEqual([hidden, seen].toSorted());
    expect(await listed({ blocked: true }, [mine], developer)).toEqual([mine]);
    const viewer = await acme.addMember('viewer');
    for (const refused of [addDependency, removeDependency])
      await expect(refused(viewer.ctx(), { id: mine, otherId: seen })).rejects.toMatchObject({
        code: 'permission_denied',
      });
  });

  it('are at most 50 in each direction', async () => {
    const [id, otherId] = await two();
    const others: string[] = [];
    for (let count = 0; count < 50; count++) others.push(await create(`Other ${count}`));
    const write = (pairs: { taskId: string; blockerId: string }[]) =>
      writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
        unit.insert(TaskDependencyEntity, ...pairs.map((pair) => ({ organizationId: acme.id, isOpen: true, ...pair }))),
      );
    await write(others.slice(1).map((blockerId) => ({ taskId: id, blockerId })));
    expect((await add(id, others[0] ?? '')).blockedBy).toHaveLength(50);
    await expect(add(id, otherId)).rejects.toMatchObject({ code: 'too_many_dependencies' });
    await write(others.map((taskId) => ({ taskId, blockerId: otherId })));
    await expect(add(await create('One more'), otherId)).rejects.toMatchObject({ code: 'too_many_dependencies' });
  });
});
