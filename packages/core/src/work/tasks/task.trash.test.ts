import { beforeAll, describe, expect, it } from 'vitest';
import { mutate } from '../../database/unit-of-work.ts';
import { dialects, TestClock, type TestMember } from '../../testing/index.ts';
import { openSuite } from '../../testing/suite.ts';
import { createTask, deleteTask, getTask, listTasks, restoreTask, TaskListInput } from '../index.ts';
import { tasks } from './task.record.ts';

const day = 86_400_000;

describe.each(dialects)('the trash on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  const suite = openSuite(dialect, { clock });
  let owner: TestMember;
  let member: TestMember;

  beforeAll(async () => {
    ({ owner } = suite);
    member = await suite.acme.addMember('member');
  });

  const create = (title: string, parentId: string | null = null) => createTask(owner.ctx(), { title, parentId });
  const trash = async (id: string) => deleteTask(owner.ctx(), { id, permanent: false });
  const deleteForEver = async (id: string, by = owner) => deleteTask(by.ctx(), { id, permanent: true });
  const restore = async (id: string) => restoreTask(owner.ctx(), { id });
  const listed = async () => {
    const { data } = await listTasks(owner.ctx(), TaskListInput.parse({ deleted: true }));
    return data.map(({ id }) => id);
  };
  const purge = () => suite.runJob('tasks.purge');

  it('can be emptied task by task, with what is below', async () => {
    const parent = await create('Parent');
    const child = await create('Child', parent.id);
    await trash(parent.id);
    await deleteForEver(parent.id);
    for (const { id } of [parent, child]) await expect(restore(id)).rejects.toMatchObject({ code: 'task_not_found' });
    expect(await listed()).toEqual([]);
  });

  it('is emptied by those who may delete any task', async () => {
    const { id } = await createTask(member.ctx(), { title: 'Own' });
    await deleteTask(member.ctx(), { id, permanent: false });
    await expect(deleteForEver(id, member)).rejects.toMatchObject({ code: 'permission_denied' });
    await deleteForEver(id);
  });

  it('keeps a task for 30 days, also when it is not purged at once', async () => {
    const { id } = await create('Old');
    await trash(id);
    clock.advance(30 * day - 1);
    expect(await listed()).toEqual([id]);
    clock.advance(1);
    expect(await listed()).toEqual([]);
    await expect(restore(id)).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('loses nothing that is being restored while it is purged', async () => {
    const { id } = await create('Restored late');
    await trash(id);
    clock.advance(30 * day + 1);
    const purging = Promise.withResolvers<void>();
    const restored = mutate(owner.ctx(), async (unit) => {
      const [task] = await tasks.lockMany(unit, { id }, { trash: true });
      // On SQLite the purge waits for this unit. On PostgreSQL it must not wait for the task and delete it afterwards.
      if (dialect === 'postgresql') purging.resolve(purge());
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (task) await tasks.change(unit, task, { deletedAt: null, trashId: null });
    });
    await restored;
    if (dialect === 'sqlite') purging.resolve(purge());
    await purging.promise;
    expect(await getTask(owner.ctx(), { id })).toMatchObject({ title: 'Restored late' });
  });
});
