import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { enqueue } from '../../jobs/index.ts';
import { setOrganizationTier } from '../../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { createTask, deleteTask, listTasks, restoreTask, TaskListInput } from '../index.ts';

const day = 86_400_000;

describe.each(dialects)('the room for tasks on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const limitTo = (acme: TestOrganization, maxTasks: number | null) =>
    setOrganizationTier(anonymous(platform), { organization: acme.id, tier: 'free', maxTasks });
  const limited = async (maxTasks: number) => {
    const acme = await createOrganization(platform);
    await limitTo(acme, maxTasks);
    return acme;
  };
  const create = (acme: TestOrganization, parentId?: string) =>
    createTask(acme.owner.ctx(), { title: 'Room', ...(parentId === undefined ? {} : { parentId }) });
  const remove = (acme: TestOrganization, id: string, permanent = false) =>
    deleteTask(acme.owner.ctx(), { id, permanent });
  const restore = (acme: TestOrganization, id: string) => restoreTask(acme.owner.ctx(), { id });
  /** Runs the job that empties the trash. */
  const purge = async () => {
    await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, 'tasks.purge', {}));
    await platform.runDueJobs();
  };
  const living = async (acme: TestOrganization) =>
    (await listTasks(acme.owner.ctx(), TaskListInput.parse({ total: true }))).total;
  const stored = async (acme: TestOrganization) => {
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('tasks').select('tasks.id').where('tasks.organization_id', '=', acme.id).execute(),
    );
    return rows.map(({ id }) => id).sort();
  };
  /** What is counted is what there is. */
  const expectCounted = async (acme: TestOrganization, count: number) => {
    const row = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('counters')
        .select('counters.value')
        .where('counters.organization_id', '=', acme.id)
        .where('counters.name', '=', 'living tasks')
        .executeTakeFirst(),
    );
    expect([row?.value ?? 0, await living(acme)]).toEqual([count, count]);
  };

  it('ends at the limit, which the refusal names, and leaves no gap in the numbers', async () => {
    const acme = await limited(2);
    await create(acme);
    await create(acme);

    await expect(create(acme)).rejects.toMatchObject({
      code: 'limit_exceeded',
      kind: 'limit_exceeded',
      details: { limit: 'tasks', max: 2 },
    });
    await expectCounted(acme, 2);
    await limitTo(acme, null);
    expect(await create(acme)).toMatchObject({ number: 3 });
  });

  it('is of each organization for itself', async () => {
    const [one, two] = [await limited(1), await limited(1)];
    await create(one);
    expect(await codeOf(create(two))).toBe('passed');
    expect(await codeOf(create(one))).toBe('limit_exceeded');
    expect(await codeOf(create(two))).toBe('limit_exceeded');
  });

  it('is given back by the trash, and taken again by restoring', async () => {
    const acme = await limited(3);
    const parent = await create(acme);
    await create(acme, parent.id);
    await create(acme, parent.id);

    await remove(acme, parent.id);
    await expectCounted(acme, 0);
    const other = await create(acme);
    await expect(restore(acme, parent.id)).rejects.toMatchObject({
      code: 'limit_exceeded',
      details: { limit: 'tasks', max: 3 },
    });
    await expectCounted(acme, 1);
    await remove(acme, other.id);
    await restore(acme, parent.id);
    await expectCounted(acme, 3);
    expect(await codeOf(create(acme))).toBe('limit_exceeded');
    // Restoring takes room, and no numbers.
    await limitTo(acme, null);
    await remove(acme, parent.id);
    await restore(acme, parent.id);
    expect(await create(acme)).toMatchObject({ number: other.number + 1 });
  });

  it('is given back once by what is deleted for ever, whether it was in the trash or not', async () => {
    const acme = await limited(5);
    const parent = await create(acme);
    const [trashed] = [await create(acme, parent.id), await create(acme, parent.id)];
    const kept = await create(acme);
    await remove(acme, trashed.id);
    await expectCounted(acme, 3);

    await remove(acme, parent.id, true);
    await expectCounted(acme, 1);

    await remove(acme, kept.id);
    clock.advance(31 * day);
    await purge();
    expect(await codeOf(restore(acme, kept.id))).toBe('task_not_found');
    await expectCounted(acme, 0);
  });

  it('lets the trash be restored for 30 days, and then deletes subtasks before their parents', async () => {
    const acme = await createOrganization(platform);
    const [old, recent] = [await create(acme), await create(acme)];
    const child = await create(acme, old.id);
    await remove(acme, old.id);
    clock.advance(day);
    await remove(acme, recent.id);
    clock.advance(29 * day - 1);
    await purge();
    expect(await codeOf(restore(acme, child.id))).toBe('parent_deleted');

    clock.advance(1);
    expect(await codeOf(restore(acme, old.id))).toBe('task_not_found');
    await purge();
    expect(await stored(acme)).toEqual([recent.id]);
    expect(await codeOf(restore(acme, recent.id))).toBe('passed');
  });

  it('lets exactly as many in as there is room, when everybody creates at once', async () => {
    const acme = await limited(5);
    await create(acme);
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(create(acme))));
    expect(codes.filter((code) => code === 'passed')).toHaveLength(4);
    expect(codes.filter((code) => code === 'limit_exceeded')).toHaveLength(16);
    await expectCounted(acme, 5);
  });

  it('stays exact when tasks are created, trashed and restored at once', async () => {
    const acme = await limited(6);
    const tasks = [await create(acme), await create(acme), await create(acme)];
    const [trashed] = tasks;
    if (trashed) await remove(acme, trashed.id);

    await Promise.all([
      ...Array.from({ length: 8 }, () => codeOf(create(acme))),
      ...tasks.slice(1).map(({ id }) => codeOf(remove(acme, id))),
      ...tasks.slice(0, 1).map(({ id }) => codeOf(restore(acme, id))),
    ]);

    const count = (await living(acme)) ?? 0;
    expect(count).toBeLessThanOrEqual(6);
    await expectCounted(acme, count);
  });

  it('may be less than there is: then there is only no more', async () => {
    const acme = await limited(3);
    const tasks = [await create(acme), await create(acme), await create(acme)];
    await limitTo(acme, 1);
    for (const { id } of tasks.slice(0, 2)) {
      expect(await codeOf(create(acme))).toBe('limit_exceeded');
      await remove(acme, id);
    }
    expect(await codeOf(create(acme))).toBe('limit_exceeded');
    await expectCounted(acme, 1);
  });
});
