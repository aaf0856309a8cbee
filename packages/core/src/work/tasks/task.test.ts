import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { MembershipEntity } from '../../tenancy/memberships/membership.entity.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { createTask, deleteTask, getTask, listTasks, restoreTask, Task, TaskListInput, updateTask } from '../index.ts';
import { CommentListInput } from '../comments/comment.schema.ts';
import { getComment, listComments } from '../comments/comment.queries.ts';
import { createComment } from '../comments/comment.service.ts';
import { createTag } from '../tags/tag.service.ts';
import { listTaskActivity } from './task.activity.ts';

const day = 86_400_000;
const list = (input: Record<string, unknown> = {}) => TaskListInput.parse(input);

describe.each(dialects)('tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  it('creates a task that reads back as it was answered', async () => {
    const member = await acme.addMember('member');
    const tag = await createTag(acme.owner.ctx(), { name: 'Backend', color: '#112233' });
    const created = await createTask(acme.owner.ctx(), {
      title: 'Write the contract',
      description: 'Once.',
      priority: 'high',
      dueDate: '2026-01-31T09:00:00.000Z',
      estimatedHours: 4.25,
      assigneeIds: [member.userId, acme.owner.userId],
      tagIds: [tag.id],
    });
    expect(Task.parse(created)).toEqual(created);
    expect(created).toMatchObject({
      number: 1,
      status: 'todo',
      estimatedHours: 4.25,
      dueDate: '2026-01-31T09:00:00.000Z',
      tags: [{ id: tag.id, name: 'Backend', color: '#112233' }],
      version: 1,
    });
    expect(created.assignees.map((person) => person.id)).toEqual([member.userId, acme.owner.userId]);
    expect(await getTask(acme.owner.ctx(), { id: created.id })).toEqual(created);
  });

  it('raises the version once for fields and links together, and not at all for nothing', async () => {
    const task = await createTask(acme.owner.ctx(), { title: 'Version' });
    const changed = await updateTask(acme.owner.ctx(), {
      id: task.id,
      status: 'done',
      assigneeIds: [acme.owner.userId],
    });
    expect(changed).toMatchObject({ version: 2, status: 'done', completedAt: expect.any(String) });
    expect(await getTask(acme.owner.ctx(), { id: task.id })).toEqual(changed);
    const links = await updateTask(acme.owner.ctx(), { id: task.id, assigneeIds: [] });
    expect(links).toMatchObject({ version: 3, assignees: [] });
    const same = await updateTask(acme.owner.ctx(), { id: task.id, title: 'Version', assigneeIds: [] });
    expect(same).toEqual(links);
    const activity = await listTaskActivity(acme.owner.ctx(), { id: task.id, limit: 10, total: true });
    expect(activity.total).toBe(3);
    expect(activity.data.map((entry) => entry.type)).toEqual(['task.updated', 'task.updated', 'task.created']);
    expect(activity.data[1]?.changes['status']).toEqual({ from: 'todo', to: 'done' });
  });

  it('refuses a stale version and leaves the task alone', async () => {
    const task = await createTask(acme.owner.ctx(), { title: 'Stale' });
    await updateTask(acme.owner.ctx({ ifMatch: 1 }), { id: task.id, title: 'Fresh' });
    await expect(updateTask(acme.owner.ctx({ ifMatch: 1 }), { id: task.id, title: 'Lost' })).rejects.toMatchObject({
      code: 'version_conflict',
    });
    expect(await getTask(acme.owner.ctx(), { id: task.id })).toMatchObject({ title: 'Fresh', version: 2 });
  });

  it('acts once for one idempotency key, also for twins at once', async () => {
    const input = { title: 'Once only' };
    const request = { procedure: 'tasks.create', input, idempotencyKey: `key-${dialect}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => createTask(acme.owner.ctx(request), input)));
    expect(new Set(answers.map((task) => task.id)).size).toBe(1);
    await expect(
      createTask(acme.owner.ctx({ ...request, input: { title: 'Other' } }), { title: 'Other' }),
    ).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('answers a dry run with result and events and changes nothing', async () => {
    const ctx = acme.owner.ctx({ dryRun: true });
    const result = await createTask(ctx, { title: 'Only a thought' });
    expect(result).toMatchObject({ title: 'Only a thought' });
    expect(ctx.outcome.dryRun?.events).toMatchObject([{ type: 'task.created' }]);
    await expect(getTask(acme.owner.ctx(), { id: result.id })).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('shows another organization nothing, and answers a foreign id like a missing one', async () => {
    const other = await createOrganization(platform, 'Other');
    const task = await createTask(acme.owner.ctx(), { title: 'Secret' });
    await expect(getTask(other.owner.ctx(), { id: task.id })).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(updateTask(other.owner.ctx(), { id: task.id, title: 'Mine' })).rejects.toMatchObject({
      code: 'task_not_found',
    });
    await expect(createTask(other.owner.ctx(), { title: 'Child', parentId: task.id })).rejects.toMatchObject({
      code: 'parent_not_found',
    });
    await expect(
      createTask(other.owner.ctx(), { title: 'Assigned', assigneeIds: [acme.owner.userId] }),
    ).rejects.toMatchObject({ code: 'assignee_not_found' });
    expect((await listTasks(other.owner.ctx(), list({ total: true }))).total).toBe(0);
  });

  it('keeps an assigned-only member to what is assigned to them', async () => {
    const developer = await acme.addMember('developer');
    const mine = await createTask(developer.ctx(), { title: 'My own idea' });
    expect(mine.assignees.map((person) => person.id)).toEqual([developer.userId]);
    const others = await createTask(acme.owner.ctx(), { title: 'Not theirs' });
    await expect(getTask(developer.ctx(), { id: others.id })).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(updateTask(developer.ctx(), { id: others.id, title: 'x' })).rejects.toMatchObject({
      code: 'task_not_found',
    });
    await expect(
      createTask(developer.ctx(), { title: 'For others', assigneeIds: [acme.owner.userId] }),
    ).rejects.toMatchObject({ code: 'permission_denied', details: { constraint: { kind: 'assignedOnly' } } });
    const seen = await listTasks(developer.ctx(), list({ total: true }));
    expect(seen.data.map((task) => task.id)).toEqual([mine.id]);
    expect(seen.total).toBe(1);
  });

  it('lets a role that sees everything change only what its other role may change', async () => {
    const both = await acme.addMember('viewer', 'developer');
    const task = await createTask(acme.owner.ctx(), { title: 'Seen by all' });
    expect(await getTask(both.ctx(), { id: task.id })).toEqual({ ...task, watching: false });
    const refused = { code: 'permission_denied', details: { constraint: { kind: 'assignedOnly' } } };
    await expect(updateTask(both.ctx(), { id: task.id, title: 'Changed' })).rejects.toMatchObject(refused);
    await updateTask(acme.owner.ctx(), { id: task.id, assigneeIds: [both.userId] });
    await expect(updateTask(both.ctx(), { id: task.id, assigneeIds: [] })).rejects.toMatchObject(refused);
    expect(await updateTask(both.ctx(), { id: task.id, title: 'Changed' })).toMatchObject({ title: 'Changed' });
  });

  it('trashes and restores a parent with its subtasks', async () => {
    const parent = await createTask(acme.owner.ctx(), { title: 'Parent' });
    const child = await createTask(acme.owner.ctx(), { title: 'Child', parentId: parent.id });
    await deleteTask(acme.owner.ctx(), { id: parent.id, permanent: false });
    await expect(getTask(acme.owner.ctx(), { id: child.id })).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(restoreTask(acme.owner.ctx(), { id: child.id })).rejects.toMatchObject({ code: 'parent_deleted' });
    const trash = await listTasks(acme.owner.ctx(), list({ deleted: true }));
    expect(trash.data.map((task) => task.title).sort()).toEqual(['Child', 'Parent']);
    const restored = await restoreTask(acme.owner.ctx(), { id: parent.id });
    expect(restored).toMatchObject({ deletedAt: null, version: 3 });
    expect(await getTask(acme.owner.ctx(), { id: child.id })).toMatchObject({ deletedAt: null });
    await deleteTask(acme.owner.ctx(), { id: parent.id, permanent: true });
    await expect(restoreTask(acme.owner.ctx(), { id: child.id })).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('takes what is in the trash for gone, and nothing else for trash', async () => {
    const ctx = () => acme.owner.ctx();
    const { id } = await createTask(ctx(), { title: 'Once' });
    await expect(restoreTask(ctx(), { id })).rejects.toMatchObject({ code: 'task_not_deleted' });
    const { id: commentId } = await createComment(ctx(), { taskId: id, body: 'Gone with it' });
    await deleteTask(ctx(), { id, permanent: false });
    for (const work of [
      () => getComment(ctx(), { taskId: id, commentId }),
      () => updateTask(ctx(), { id, title: 'Twice' }),
      () => deleteTask(ctx(), { id, permanent: false }),
      () => listTaskActivity(ctx(), { id, limit: 1, total: false }),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'task_not_found' });
    const below = createTask(ctx(), { title: 'Below', parentId: id });
    await expect(below).rejects.toMatchObject({ code: 'parent_not_found', details: { field: ['parentId'] } });
    const tagged = createTask(ctx(), { title: 'Tagged', tagIds: [id] });
    await expect(tagged).rejects.toMatchObject({ code: 'tag_not_found', details: { field: ['tagIds', 0] } });
  });

  it('shows no comment that was deleted', async () => {
    const ctx = () => acme.owner.ctx();
    const { id } = await createTask(ctx(), { title: 'Commented' });
    const [kept, gone] = [
      await createComment(ctx(), { taskId: id, body: 'Kept' }),
      await createComment(ctx(), { taskId: id, body: 'Gone' }),
    ];
    const deletedAt = platform.clock.now().toISOString();
    await writeThroughSystemDoor(platform.context({ principal: null }), ({ db }) =>
      db.updateTable('comments').set({ deleted_at: deletedAt }).where('id', '=', gone.id).execute(),
    );
    const { data, total } = await listComments(ctx(), CommentListInput.parse({ taskId: id, total: true }));
    expect([data.map((comment) => comment.id), total]).toEqual([[kept.id], 1]);
    const missing = { code: 'comment_not_found' };
    await expect(getComment(ctx(), { taskId: id, commentId: gone.id })).rejects.toMatchObject(missing);
  });

  it('is given to nobody who is suspended here, whatever they are elsewhere', async () => {
    const other = await createOrganization(platform, 'Other');
    const member = await acme.addMember('member');
    const { userId } = member;
    const now = platform.clock.now();
    await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
      await unit.db.updateTable('memberships').set({ status: 'suspended' }).where('user_id', '=', userId).execute();
      const joined = { status: 'active' as const, version: 1, joinedAt: now, createdAt: now, updatedAt: now };
      await unit.insert(MembershipEntity, { organizationId: other.id, userId, ...joined });
    });
    // What they may do here is believed for a moment longer, and their own memberships are theirs to see.
    await expect(createTask(member.ctx(), { title: 'Mine', assigneeIds: [userId] })).rejects.toMatchObject({
      code: 'assignee_not_found',
      details: { field: ['assigneeIds', 0] },
    });
  });

  it('are for who is signed in', async () => {
    const made = createTask(platform.context({ principal: null }), { title: 'Nobody’s' });
    await expect(made).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('refuses a task to become its own ancestor', async () => {
    const a = await createTask(acme.owner.ctx(), { title: 'A' });
    const b = await createTask(acme.owner.ctx(), { title: 'B', parentId: a.id });
    await expect(updateTask(acme.owner.ctx(), { id: a.id, parentId: b.id })).rejects.toMatchObject({
      code: 'parent_cycle',
    });
    await expect(updateTask(acme.owner.ctx(), { id: a.id, parentId: a.id })).rejects.toMatchObject({
      code: 'parent_cycle',
    });
  });

  it('finds by the beginnings of words without accents, the better hits first', async () => {
    const { owner } = await createOrganization(platform, 'Search');
    const body = await createTask(owner.ctx(), { title: 'Other', description: 'about résumés and cafés' });
    const title = await createTask(owner.ctx(), { title: 'Café résumé' });
    await createTask(owner.ctx(), { title: 'Café only' });
    const found = await listTasks(owner.ctx(), list({ search: 'CAFE resu' }));
    expect(found.data.map((task) => task.id)).toEqual([title.id, body.id]);
    expect((await listTasks(owner.ctx(), list({ search: `"' OR * ) --` }))).data).toEqual([]);
    await updateTask(owner.ctx(), { id: body.id, description: null });
    expect((await listTasks(owner.ctx(), list({ search: 'resu' }))).data.map((task) => task.id)).toEqual([title.id]);
  });

  it('lists what matches a filter, and what matches all of several', async () => {
    const organization = await createOrganization(platform, 'Filters');
    const { owner } = organization;
    const member = await organization.addMember('member');
    const [red, blue] = [
      await createTag(owner.ctx(), { name: 'Red', color: '#ff0000' }),
      await createTag(owner.ctx(), { name: 'Blue', color: '#0000ff' }),
    ];
    const ago = (days: number) => new Date(platform.clock.now().getTime() - days * day).toISOString();
    const [late, done, soon, plain] = [
      await createTask(owner.ctx(), { title: 'Late', priority: 'high', dueDate: ago(2), tagIds: [red.id] }),
      await createTask(member.ctx(), { title: 'Done', priority: 'low', dueDate: ago(1) }),
      await createTask(owner.ctx(), { title: 'Soon', priority: 'low', dueDate: ago(-1), tagIds: [blue.id] }),
      await createTask(owner.ctx(), { title: 'Plain' }),
    ];
    await createTask(owner.ctx(), { title: 'Child', parentId: plain.id });
    await updateTask(owner.ctx(), { id: done.id, status: 'done' });
    await updateTask(owner.ctx(), { id: soon.id, status: 'in_progress' });
    const found = async (input: Record<string, unknown>) => {
      const { data, total } = await listTasks(owner.ctx(), list({ ...input, sort: 'number', total: true }));
      expect(total).toBe(data.length);
      return data.map(({ title }) => title);
    };

    expect(await found({ status: ['done'] })).toEqual(['Done']);
    expect(await found({ status: ['done', 'in_progress'] })).toEqual(['Done', 'Soon']);
    expect(await found({ priority: ['high'] })).toEqual(['Late']);
    expect(await found({ priority: ['high', 'low'] })).toEqual(['Late', 'Done', 'Soon']);
    expect(await found({ tag: [red.id] })).toEqual(['Late']);
    expect(await found({ tag: [red.id, blue.id] })).toEqual(['Late', 'Soon']);
    expect(await found({ createdBy: [member.userId] })).toEqual(['Done']);
    expect(await found({ createdBy: ['me'] })).toEqual(['Late', 'Soon', 'Plain', 'Child']);
    expect(await found({ dueBefore: done.dueDate })).toEqual(['Late', 'Done']);
    expect(await found({ dueAfter: done.dueDate })).toEqual(['Done', 'Soon']);
    expect(await found({ dueAfter: done.dueDate, dueBefore: done.dueDate })).toEqual(['Done']);
    expect(await found({ parent: ['none'] })).toEqual(['Late', 'Done', 'Soon', 'Plain']);
    expect(await found({ parent: [plain.id] })).toEqual(['Child']);
    expect(await found({ parent: [late.id] })).toEqual([]);
    expect(await found({ parent: ['none', plain.id], createdBy: ['me'] })).toEqual(['Late', 'Soon', 'Plain', 'Child']);
    expect(await found({ overdue: true })).toEqual(['Late']);
    expect(await found({ overdue: false })).toEqual(['Done', 'Soon', 'Plain', 'Child']);
  });

  it.each([
    'createdAt',
    '-createdAt',
    'dueDate',
    '-dueDate',
    'priority',
    '-status',
    'title',
    '-title',
    'number',
  ] as const)('pages through every task once, sorted by %s', async (sort) => {
    const { owner } = await createOrganization(platform, 'Pages');
    const due = ['2026-05-01T00:00:00Z', null, '2026-04-01T00:00:00.5+02:00', null, '2026-05-01T00:00:00Z'];
    for (const [index, dueDate] of due.entries())
      await createTask(owner.ctx(), {
        title: index % 2 ? `B${index}` : `ä${index}`,
        dueDate: dueDate && new Date(dueDate).toISOString(),
      });
    const whole = await listTasks(owner.ctx(), list({ sort }));
    expect(whole.data).toHaveLength(5);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await listTasks(owner.ctx(), list({ sort, limit: 2, ...(cursor ? { cursor } : {}) }));
      seen.push(...page.data.map((task) => task.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(whole.data.map((task) => task.id));
  });

  it('continues a list by its own cursor alone', async () => {
    const { owner } = await createOrganization(platform, 'Cursors');
    for (const title of ['A', 'B']) await createTask(owner.ctx(), { title });
    const { nextCursor } = await listTasks(owner.ctx(), list({ sort: 'title', limit: 1 }));
    const invalid = { code: 'validation_failed', details: { field: ['cursor'] } };
    for (const input of [
      { sort: '-title', cursor: nextCursor },
      { sort: 'title', cursor: `x${nextCursor}` },
      { cursor: 'x' },
    ])
      await expect(listTasks(owner.ctx(), list(input))).rejects.toMatchObject(invalid);
  });

  it.each(['dueDate', '-dueDate'] as const)('sorts tasks without a date last by %s', async (sort) => {
    const { owner } = await createOrganization(platform, 'Dates');
    for (const dueDate of [null, '2026-05-01T00:00:00.000Z', null])
      await createTask(owner.ctx(), { title: 'Due', dueDate });
    const { data } = await listTasks(owner.ctx(), list({ sort }));
    expect(data.map((task) => task.dueDate)).toEqual(['2026-05-01T00:00:00.000Z', null, null]);
  });

  it('lets exactly one of many updates of one version win', async () => {
    const task = await createTask(acme.owner.ctx(), { title: 'Race' });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        updateTask(acme.owner.ctx({ ifMatch: 1 }), { id: task.id, title: `Race ${index}` }),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await getTask(acme.owner.ctx(), { id: task.id })).version).toBe(2);
  });
});
