import { describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { getJob } from '../../jobs/index.ts';
import { dialects, TestClock } from '../../testing/index.ts';
import { seedTree, started } from '../../testing/big-tree.ts';
import { codeOf } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import {
  createProject,
  createTask,
  deleteProject,
  deleteTask,
  getProject,
  getTask,
  listProjects,
  listTasks,
  ProjectListInput,
  resolveKeys,
  restoreProject,
  restoreTask,
  TaskListInput,
} from '../index.ts';

const day = 86_400_000;

describe.each(dialects)('the trash of projects on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  const suite = openSuite(dialect, { clock });

  const ctx = () => suite.owner.ctx();
  let count = 0;
  const aProject = () => createProject(ctx(), { key: `T${++count}`, name: 'Hall' });
  const aTask = (projectId: string, parentId: string | null = null) =>
    createTask(ctx(), { title: 'Task', projectId, parentId });
  const trash = (id: string, permanent = false) => deleteProject(ctx(), { id, permanent });

  /** How many tasks a project has, how many of them live, and how many living tasks are counted in the organization. */
  const state = (id: string) =>
    readThroughSystemDoor(suite.platform.database, async (db) => {
      const rows = await db
        .selectFrom('tasks')
        .select(['id', 'deleted_at as deletedAt'])
        .where('project_id', '=', id)
        .execute();
      const counters = await db
        .selectFrom('counters')
        .select(['name', 'value'])
        .where('organization_id', '=', suite.acme.id)
        .execute();
      const living = counters.find(({ name }) => name === 'living tasks')?.value ?? 0;
      const all = await db
        .selectFrom('tasks')
        .select('id')
        .where('organization_id', '=', suite.acme.id)
        .where('deleted_at', 'is', null)
        .execute();
      expect(living).toBe(all.length);
      return { all: rows.length, living: rows.filter(({ deletedAt }) => deletedAt === null).length };
    });

  it('takes a project with its tasks, and brings back what went together', async () => {
    const { id, version } = await aProject();
    const [parent, alone] = [await aTask(id), await aTask(id)];
    const child = await aTask(id, parent.id);
    await deleteTask(ctx(), { id: alone.id, permanent: false });
    clock.advance(1000);
    await trash(id);
    expect(await codeOf(getProject(ctx(), { id }))).toBe('project_not_found');
    expect(await codeOf(getTask(ctx(), { id: child.id }))).toBe('task_not_found');
    expect(await state(id)).toEqual({ all: 3, living: 0 });
    const listed = async (deleted: boolean) =>
      (await listProjects(ctx(), ProjectListInput.parse({ deleted, limit: 100 }))).data.some((one) => one.id === id);
    expect([await listed(false), await listed(true)]).toEqual([false, true]);
    const trashed = await listTasks(ctx(), TaskListInput.parse({ deleted: true, project: [id] }));
    expect(trashed.data.map((task) => task.id).sort()).toEqual([parent.id, alone.id, child.id].sort());
    for (const task of [alone, child]) expect(await codeOf(restoreTask(ctx(), { id: task.id }))).not.toBe('passed');
    expect(await codeOf(restoreTask(ctx(), { id: alone.id }))).toBe('project_deleted');
    expect(await codeOf(aTask(id))).toBe('project_not_found');
    expect(await restoreProject(ctx(), { id })).toMatchObject({ id, deletedAt: null, version: version + 2 });
    expect(await state(id)).toEqual({ all: 3, living: 2 });
    expect(await getTask(ctx(), { id: child.id })).toMatchObject({ parentId: parent.id, key: child.key });
    expect(await codeOf(restoreProject(ctx(), { id }))).toBe('project_not_deleted');
    expect(await restoreTask(ctx(), { id: alone.id })).toMatchObject({ key: alone.key });
  });

  it('is passed by when a project is deleted for ever, living or trashed, with its keys', async () => {
    const [living, trashed] = [await aProject(), await aProject()];
    for (const { id } of [living, trashed]) await aTask(id, (await aTask(id)).id);
    await trash(trashed.id);
    for (const { id, key } of [living, trashed]) {
      await trash(id, true);
      expect(await state(id)).toEqual({ all: 0, living: 0 });
      expect(await codeOf(restoreProject(ctx(), { id }))).toBe('project_not_found');
      expect(await createProject(ctx(), { key, name: 'Again' })).toMatchObject({ key });
    }
    const again = await resolveKeys(ctx(), [{ kind: 'task', key: `${living.key}-1` }]);
    expect(again.size).toBe(0);
  });

  it('is refused to those who may not delete projects', async () => {
    const { id } = await aProject();
    const member = await suite.acme.addMember('member');
    expect(await codeOf(deleteProject(member.ctx(), { id, permanent: false }))).toBe('permission_denied');
    await trash(id);
    expect(await codeOf(restoreProject(member.ctx(), { id }))).toBe('permission_denied');
    expect(await codeOf(listProjects(member.ctx(), ProjectListInput.parse({ deleted: true })))).toBe(
      'permission_denied',
    );
  });

  it('is emptied of projects after 30 days, tasks first', async () => {
    const { id } = await aProject();
    await aTask(id, (await aTask(id)).id);
    await trash(id);
    const exists = () =>
      readThroughSystemDoor(suite.platform.database, async (db) =>
        Boolean(await db.selectFrom('projects').select('id').where('id', '=', id).executeTakeFirst()),
      );
    clock.advance(30 * day - 1);
    await suite.runJob('tasks.purge');
    await suite.runJob('projects.purge');
    expect(await exists()).toBe(true);
    clock.advance(1);
    expect(await codeOf(restoreProject(ctx(), { id }))).toBe('project_not_found');
    await suite.runJob('projects.purge');
    expect(await exists()).toBe(true);
    await suite.runJob('tasks.purge');
    await suite.runJob('projects.purge');
    expect(await exists()).toBe(false);
    expect(await state(id)).toEqual({ all: 0, living: 0 });
  });

  it('takes more than 500 tasks by a job, and gives them back by one', async () => {
    const { id } = await aProject();
    await seedTree(suite.platform, suite.acme, { size: 1200, projectId: id });
    const job = started(await trash(id));
    expect(job).toMatchObject({ kind: 'projects.delete', status: 'waiting' });
    expect(await codeOf(getProject(ctx(), { id }))).toBe('project_not_found');
    await suite.platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { deleted: 1201 } });
    expect(await state(id)).toEqual({ all: 1201, living: 0 });
    const back = started(await restoreProject(ctx(), { id }));
    expect(await codeOf(getProject(ctx(), { id }))).toBe('passed');
    await suite.platform.runDueJobs();
    expect(await getJob(ctx(), back)).toMatchObject({ status: 'done', result: { restored: 1201 } });
    expect(await state(id)).toEqual({ all: 1201, living: 1201 });
    const end = started(await trash(id, true));
    expect(await state(id)).toEqual({ all: 1201, living: 1201 });
    await suite.platform.runDueJobs();
    expect(await getJob(ctx(), end)).toMatchObject({ status: 'done', result: { deleted: 1201 } });
    expect(await state(id)).toEqual({ all: 0, living: 0 });
    expect(await codeOf(getProject(ctx(), { id }))).toBe('project_not_found');
  });

  it('is given back while a job is still moving tasks there', async () => {
    const { id } = await aProject();
    await seedTree(suite.platform, suite.acme, { size: 600, projectId: id });
    started(await trash(id));
    expect(await restoreProject(ctx(), { id })).toMatchObject({ deletedAt: null });
    await suite.platform.runDueJobs();
    expect(await state(id)).toEqual({ all: 601, living: 601 });
  });
});
