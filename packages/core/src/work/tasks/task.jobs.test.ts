import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { getJob, type JobHandler, stepRows } from '../../jobs/index.ts';
import { JobRunner } from '../../jobs/runner.ts';
import { silentLogger } from '../../kernel/logger.ts';
import {
  createApiKey,
  createRole,
  createRoleAssignment,
  createTeam,
  OrganizationUpdate,
  RoleCreate,
  suspendMember,
  updateOrganization,
} from '../../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { seedTree, started } from '../../testing/big-tree.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { createTask, deleteTask, emptyTrash, getTask, restoreTask, updateTask, workHandlers } from '../index.ts';

const hour = 3_600_000;
const size = 1200;

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

  /** Runs what is due in a process that dies after some steps. */
  const runAndDie = async (kind: string, steps = 1) => {
    const handler: JobHandler = async (context, payload, job) =>
      workHandlers[kind]?.(context, payload, {
        ...job,
        async steps(step, options) {
          let taken = 0;
          return job.steps(async (unit) => {
            if (taken++ >= steps) throw new Error('The process was killed.');
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

  /** Somebody who may delete what is assigned to them, which is all of the tree but its newest 100 tasks. */
  const narrowMember = async (id: string) => {
    const member = await acme.addMember();
    const role = RoleCreate.parse({
      name: 'Narrow',
      permissions: ['task:read', 'task:delete', 'task:delete_any'],
      constraints: ['assignedOnly'],
    });
    const { userId } = member;
    const { id: roleId } = await createRole(ctx(), role);
    await createRoleAssignment(ctx(), { userId, roleId, scope: { kind: 'organization' }, validTo: null });
    const { all } = await state();
    await writeThroughSystemDoor(anonymous(platform), async ({ db }) => {
      const rows = await db
        .selectFrom('tasks')
        .select(['id', 'created_at'])
        .where('organization_id', '=', acme.id)
        .orderBy('id')
        .execute();
      await db
        .insertInto('task_assignees')
        .values(
          rows.slice(0, all - 100).map(({ id: task_id, created_at }) => ({
            organization_id: acme.id,
            task_id,
            user_id: userId,
            position: 0,
            created_at: new Date(created_at),
          })),
        )
        .execute();
    });
    return { ctx: () => acting(platform, userId, acme.id), id };
  };

  it.each([
    ['moving to the trash', false, size],
    ['deleting for ever', true, 100],
  ])('stops %s at a task that its starter may not delete', async (_name, permanent, fewest) => {
    const { id, ctx: narrow } = await narrowMember(await plant());
    const job = started(await deleteTask(await narrow(), { id, permanent }));
    await platform.runDueJobs();
    expect(await getJob(await narrow(), job)).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    const { all, living, counted, orphans } = await state();
    expect({ living, counted, orphans }).toEqual({ living: all, counted: all, orphans: 0 });
    expect(all).toBeGreaterThan(fewest);
  });

  it('stops restoring at a task that its starter may not delete', async () => {
    const { id, ctx: narrow } = await narrowMember(await plant());
    await trash(id);
    await platform.runDueJobs();
    const job = started(await restoreTask(await narrow(), { id }));
    await platform.runDueJobs();
    expect(await getJob(await narrow(), job)).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    const { living, counted, orphans } = await state();
    expect(living).toBeLessThan(size);
    expect({ counted, orphans }).toEqual({ counted: living, orphans: 0 });
  });

  it('decides by the hour at which it was started', async () => {
    clock.set('2026-01-13T16:59:00Z');
    const id = await plant();
    const workingHours = { start: '08:00', end: '17:00', days: [1, 2, 3, 4, 5], exemptPriorities: [] };
    await updateOrganization(ctx(), OrganizationUpdate.parse({ organizationId: acme.id, settings: { workingHours } }));
    const member = await acme.addMember();
    const { userId } = member;
    const permissions = ['task:read', 'task:delete', 'task:delete_any'];
    const role = RoleCreate.parse({ name: 'Daily', permissions, constraints: ['workingHours'] });
    const { id: roleId } = await createRole(ctx(), role);
    await createRoleAssignment(ctx(), { userId, roleId, scope: { kind: 'organization' }, validTo: null });
    const job = started(await deleteTask(await acting(platform, userId, acme.id), { id, permanent: false }));
    clock.advance(hour);
    await platform.runDueJobs();
    expect(await getJob(await acting(platform, userId, acme.id), job)).toMatchObject({ status: 'done' });
  });

  it.each(['user', 'key'])('stops when the %s that started it was switched off', async (what) => {
    const id = await plant();
    const manager = await acme.addMember('manager');
    const { id: keyId } = await createApiKey(await acting(platform, acme.owner.userId, acme.id), {
      name: 'Sweeper',
      scopes: ['task:read', 'task:delete', 'task:delete_any'],
      expiresAt: null,
    });
    const starter = what === 'user' ? manager.principal : { ...acme.owner.principal, apiKeyId: keyId };
    const by = platform.context({ principal: starter });
    const job = started(await deleteTask(by, { id, permanent: false }));
    await runAndDie('tasks.delete');
    await writeThroughSystemDoor(anonymous(platform), async ({ db }) => {
      if (what === 'user')
        await db.updateTable('users').set({ is_active: false }).where('id', '=', manager.userId).execute();
      else await db.updateTable('api_keys').set({ is_active: false }).where('id', '=', keyId).execute();
    });
    await platform.runDueJobs();
    expect(await getJob(by, job)).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    expect(await state()).toEqual(whole);
  });

  it('goes on in the name and within the scopes of an API key', async () => {
    const id = await plant();
    const { id: keyId } = await createApiKey(await acting(platform, acme.owner.userId, acme.id), {
      name: 'Sweeper',
      scopes: ['task:read', 'task:delete'],
      expiresAt: null,
    });
    const job = started(
      await deleteTask(platform.context({ principal: { ...acme.owner.principal, apiKeyId: keyId } }), {
        id,
        permanent: false,
      }),
    );
    await platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done' });
    const events = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .select(['actor_id as actorId', 'api_key_id as apiKeyId'])
        .distinct()
        .where('organization_id', '=', acme.id)
        .where('type', '=', 'task.deleted')
        .execute(),
    );
    expect(events).toEqual([{ actorId: acme.owner.userId, apiKeyId: keyId }]);
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

  it('does not begin to restore a tree with a task that the caller may not delete', async () => {
    const id = await plant();
    const member = await acme.addMember('member');
    await updateTask(ctx(), { id, assigneeIds: [member.userId] });
    await trash(id);
    await platform.runDueJobs();
    const grants = acme.owner.principal.grants.map((grant) => ({ ...grant, constraints: ['assignedOnly'] as const }));
    const narrow = platform.context({ principal: { ...member.principal, grants } });
    expect(await codeOf(restoreTask(narrow, { id }))).toBe('permission_denied');
    expect((await state()).living).toBe(0);
  });

  it('restores as many tasks as the tier has room for, whatever else is there', async () => {
    const id = await plant();
    await createTask(ctx(), { title: 'Living' });
    await trash(id);
    await platform.runDueJobs();
    await limitTasks(size + 2);
    const job = started(await restoreTask(ctx(), { id }));
    await platform.runDueJobs();
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done' });
    expect((await state()).living).toBe(size + 2);
  });

  it('refuses to restore what the tier has no room for, before it begins', async () => {
    const id = await plant();
    await trash(id);
    await platform.runDueJobs();
    await limitTasks(size);
    expect(await codeOf(restoreTask(ctx(), { id }))).toBe('limit_exceeded');
    expect((await state()).living).toBe(0);
  });

  it('restores whatever else the organization counts', async () => {
    const id = await plant();
    await trash(id);
    await platform.runDueJobs();
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.insertInto('counters').values({ organization_id: acme.id, name: 'anything else', value: 1 }).execute(),
    );
    await limitTasks(size + 1);
    expect(await codeOf(restoreTask(ctx(), { id }))).toBe('passed');
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

  it('shows how much of the trash is left, not of all tasks', async () => {
    const id = await plant();
    await seedTree(platform, acme, { size });
    await trash(id);
    await platform.runDueJobs();
    const job = started(await emptyTrash(ctx()));
    await runAndDie('tasks.emptyTrash');
    const { progress } = await getJob(ctx(), job);
    expect(progress).toBeGreaterThan(30);
    await platform.runDueJobs();
    expect(await state()).toEqual({ all: size + 1, living: size + 1, counted: size + 1, orphans: 0 });
  });

  it('empties the trash of what the caller may delete, behind all that they only see', async () => {
    const id = await plant();
    const { id: teamId } = await createTeam(ctx(), { name: 'Theirs' });
    const theirs = await createTask(ctx(), { title: 'Theirs', teamId });
    await deleteTask(ctx(), { id: theirs.id, permanent: false });
    clock.advance(1000);
    await trash(id);
    await platform.runDueJobs();
    const { userId } = await acme.addMember('viewer');
    const scope = { kind: 'team', id: teamId } as const;
    await createRoleAssignment(ctx(), { userId, roleId: acme.roleIds.manager, scope, validTo: null });
    const by = await acting(platform, userId, acme.id);
    const job = started(await emptyTrash(by));
    // It reads all three pages twice, and takes one step more to find each end.
    await runAndDie('tasks.emptyTrash', 8);
    expect(await getJob(by, job)).toMatchObject({ status: 'done', result: { deleted: 1 } });
    expect((await state()).all).toBe(size + 1);
  });
});
