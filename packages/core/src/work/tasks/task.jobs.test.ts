import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { getJob, type Job, type JobHandler, stepRows } from '../../jobs/index.ts';
import { JobRunner } from '../../jobs/runner.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { suspendMember } from '../../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { seedTree } from '../../testing/big-tree.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { createTask, deleteTask, emptyTrash, getTask, restoreTask, updateTask, workHandlers } from '../index.ts';

const hour = 3_600_000;
const size = 1200;

/** The job that an operation has started. */
function started(answer: object | void): Job {
  if (answer && 'finishedAt' in answer) return answer as Job;
  throw new Error('It has done all of its work at once.');
}

describe.each(dialects)('long work on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const ctx = () => acme.owner.ctx();
  /** An organization with a tree of 1,201 tasks. Answers the id of the first one. */
  const plant = async () => {
    acme = await createOrganization(platform);
    return seedTree(platform, acme, { size });
  };
  const trash = async (id: string) => started(await deleteTask(ctx(), { id, permanent: false }));

  const limitTasks = (tasks: number) =>
    writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.db.updateTable('organizations').set({ max_tasks: tasks }).where('id', '=', acme.id).execute(),
    );

  /** How many tasks live, how many are counted, and how many of the living are below one in the trash. */
  const state = () =>
    readThroughSystemDoor(platform.database, async (db) => {
      const rows = await db
        .selectFrom('tasks')
        .select(['id', 'parent_id as parentId', 'deleted_at as deletedAt'])
        .where('organization_id', '=', acme.id)
        .execute();
      const { value } = await db
        .selectFrom('counters')
        .select('value')
        .where('organization_id', '=', acme.id)
        .where('name', '=', 'living tasks')
        .executeTakeFirstOrThrow();
      const living = new Map(rows.filter(({ deletedAt }) => deletedAt === null).map((row) => [row.id, row]));
      const orphans = [...living.values()].filter(({ parentId }) => parentId !== null && !living.has(parentId)).length;
      return { all: rows.length, living: living.size, counted: value, orphans };
    });
  const whole = { all: size + 1, living: size + 1, counted: size + 1, orphans: 0 };

  /** Runs what is due in a process that dies after the first step. */
  const runAndDie = async (kind: string) => {
    const handler: JobHandler = async (context, payload, job) =>
      workHandlers[kind]?.(context, payload, {
        ...job,
        async steps(step, options) {
          let taken = 0;
          return job.steps(async (unit) => {
            if (taken++ > 0) throw new Error('The process was killed.');
            return step(unit);
          }, options);
        },
      });
    const context = (requestId: string) => platform.context({ principal: null, requestId });
    await new JobRunner({ context, handlers: { [kind]: handler }, logger: silentLogger }).runDue();
    clock.advance(hour);
  };

  it('begins in the request and goes on in a job, which only its starter sees', async () => {
    const id = await plant();
    const job = await trash(id);
    expect(job).toMatchObject({ kind: 'tasks.delete', status: 'waiting', progress: null, finishedAt: null });
    expect(await getJob(ctx(), job)).toEqual(job);
    expect(await codeOf(getTask(ctx(), { id }))).toBe('task_not_found');
    const [admin, stranger] = [await acme.addMember('admin'), (await createOrganization(platform)).owner];
    for (const other of [admin, stranger]) expect(await codeOf(getJob(other.ctx(), job))).toBe('job_not_found');
    expect(await codeOf(getJob(platform.context({ principal: null }), job))).toBe('unauthenticated');
    await platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', progress: 100, result: { deleted: size + 1 } });
  });

  it('is done at once when it is 500 tasks', async () => {
    acme = await createOrganization(platform);
    const [small, large] = [
      await seedTree(platform, acme, { size: stepRows - 1 }),
      await seedTree(platform, acme, { size: stepRows }),
    ];
    expect(await deleteTask(ctx(), { id: small, permanent: false })).toBeUndefined();
    expect(await restoreTask(ctx(), { id: small })).toMatchObject({ id: small });
    expect(await deleteTask(ctx(), { id: small, permanent: true })).toBeUndefined();
    expect(await deleteTask(ctx(), { id: large, permanent: true })).toMatchObject({ kind: 'tasks.delete' });
  });

  it.each([
    ['moving to the trash', 'tasks.delete', (id: string) => deleteTask(ctx(), { id, permanent: false }), 'deleted'],
    ['deleting for ever', 'tasks.delete', (id: string) => deleteTask(ctx(), { id, permanent: true }), 'deleted'],
    ['restoring', 'tasks.restore', (id: string) => restoreTask(ctx(), { id }), 'restored'],
  ])('of %s continues after its process was killed', async (_name, kind, ask, verb) => {
    const id = await plant();
    if (verb === 'restored') {
      await trash(id);
      await platform.runDueJobs();
    }
    const job = started(await ask(id));
    await runAndDie(kind);
    const half = await getJob(ctx(), job);
    expect(half).toMatchObject({ status: 'waiting', result: null, error: null });
    expect(half.progress).toBeGreaterThanOrEqual(0);
    expect(half.progress).toBeLessThan(100);
    await platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', progress: 100, result: { [verb]: size + 1 } });
    const { living, counted, orphans } = await state();
    const left = verb === 'restored' ? size + 1 : 0;
    expect({ living, counted, orphans }).toEqual({ living: left, counted: left, orphans: 0 });
  });

  it('is cancelled by restoring what it was moving to the trash', async () => {
    const id = await plant();
    const job = await trash(id);
    await runAndDie('tasks.delete');
    const restoring = started(await restoreTask(ctx(), { id }));
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'cancelled', result: null });
    await platform.runDueJobs();
    expect(await getJob(ctx(), restoring)).toMatchObject({ status: 'done' });
    expect((await getJob(ctx(), job)).status).toBe('cancelled');
    expect(await state()).toEqual(whole);
  });

  it('leaves in the trash what is below a task that has gone there again', async () => {
    const id = await plant();
    await trash(id);
    await platform.runDueJobs();
    await restoreTask(ctx(), { id });
    await deleteTask(ctx(), { id, permanent: false });
    await platform.runDueJobs();
    expect(await state()).toEqual({ ...whole, living: 0, counted: 0 });
  });

  it('brings everything back when its starter loses the right half-way', async () => {
    const id = await plant();
    const manager = await acme.addMember('manager');
    const job = started(await deleteTask(manager.ctx(), { id, permanent: false }));
    await runAndDie('tasks.delete');
    expect((await state()).living).toBeLessThan(size);
    await suspendMember(ctx(), { organizationId: acme.id, userId: manager.userId });
    clock.advance(hour);
    await platform.runDueJobs();
    expect(await getJob(manager.ctx(), job)).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    expect(await state()).toEqual(whole);
  });

  it('does not begin for a tree with a task that the caller may not delete', async () => {
    const id = await plant();
    const member = await acme.addMember('member');
    await updateTask(ctx(), { id, assigneeIds: [member.userId] });
    const grants = acme.owner.principal.grants.map((grant) => ({ ...grant, constraints: ['assignedOnly'] as const }));
    const narrow = platform.context({ principal: { ...member.principal, grants } });
    expect(await codeOf(deleteTask(narrow, { id, permanent: false }))).toBe('permission_denied');
    expect(await state()).toEqual(whole);
  });

  it('refuses to restore what the tier has no room for, before it begins', async () => {
    const id = await plant();
    await trash(id);
    await platform.runDueJobs();
    await limitTasks(size);
    expect(await codeOf(restoreTask(ctx(), { id }))).toBe('limit_exceeded');
    expect((await state()).living).toBe(0);
  });

  it('empties the trash', async () => {
    const id = await plant();
    const kept = await createTask(ctx(), { title: 'Kept' });
    const parent = await createTask(ctx(), { title: 'Parent' });
    await createTask(ctx(), { title: 'Child', parentId: parent.id });
    await deleteTask(ctx(), { id: parent.id, permanent: false });
    expect(await emptyTrash(ctx())).toEqual({ deleted: 2 });
    await trash(id);
    await platform.runDueJobs();
    const job = started(await emptyTrash(ctx()));
    expect((await state()).all).toBe(size + 2);
    await runAndDie('tasks.emptyTrash');
    await platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { deleted: size + 1 } });
    expect(await state()).toEqual({ all: 1, living: 1, counted: 1, orphans: 0 });
    expect(await getTask(ctx(), { id: kept.id })).toEqual(kept);
    expect(await emptyTrash(ctx())).toEqual({ deleted: 0 });
  });

  it('empties the trash of what the caller may delete', async () => {
    acme = await createOrganization(platform);
    const { id } = await createTask(ctx(), { title: 'Trashed' });
    await deleteTask(ctx(), { id, permanent: false });
    const [member, viewer] = [await acme.addMember('member'), await acme.addMember('viewer')];
    for (const other of [member, viewer]) expect(await codeOf(emptyTrash(other.ctx()))).toBe('permission_denied');
    const grants = acme.owner.principal.grants.map((grant) => ({ ...grant, constraints: ['assignedOnly'] as const }));
    const narrow = platform.context({ principal: { ...member.principal, grants } });
    expect(await emptyTrash(narrow)).toEqual({ deleted: 0 });
    expect(await emptyTrash(ctx())).toEqual({ deleted: 1 });
  });
});
