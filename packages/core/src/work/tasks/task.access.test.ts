import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import {
  createComment,
  createTask,
  deleteTask,
  getTask,
  listTasks,
  reassignTasks,
  restoreTask,
  TaskListInput,
  updateTask,
} from '../index.ts';

const trash = TaskListInput.parse({ deleted: true, limit: 100 });
const denied = (permission: string) => ({ code: 'permission_denied', details: { permission } });

describe.each(dialects)('who may do what with tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let manager: TestMember;
  let member: TestMember;
  let developer: TestMember;
  let viewer: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    manager = await acme.addMember('manager');
    member = await acme.addMember('member');
    developer = await acme.addMember('developer');
    viewer = await acme.addMember('viewer');
  });
  afterAll(() => platform.dispose());

  const task = (by: TestMember, ...assignees: TestMember[]) =>
    createTask(by.ctx(), { title: 'Move the crates', assigneeIds: assignees.map(({ userId }) => userId) });

  it('a member deletes and restores what they created, and no more', async () => {
    const own = await task(member);
    await deleteTask(member.ctx(), { id: own.id, permanent: false });
    expect(await restoreTask(member.ctx(), { id: own.id })).toMatchObject({ deletedAt: null });
    const other = await task(manager, member);
    await expect(deleteTask(member.ctx(), { id: other.id, permanent: false })).rejects.toMatchObject(
      denied('task:delete_any'),
    );
    await deleteTask(manager.ctx(), { id: other.id, permanent: false });
    await expect(restoreTask(member.ctx(), { id: other.id })).rejects.toMatchObject(denied('task:delete_any'));
  });

  it('who lacks the permission does not learn whether there is such a task', async () => {
    const [id, ctx] = [uuidv7(), viewer.ctx()];
    const handover = { organizationId: acme.id, userId: id, toUserId: viewer.userId };
    const refusals: [string, Promise<unknown>][] = [
      ['task:update', updateTask(ctx, { id, title: 'Moved' })],
      ['task:delete', deleteTask(ctx, { id, permanent: false })],
      ['task:delete', restoreTask(ctx, { id })],
      ['task:reassign', reassignTasks(ctx, handover)],
      ['comment:create', createComment(ctx, { taskId: id, body: 'Moved' })],
    ];
    await Promise.all(refusals.map(([permission, work]) => expect(work).rejects.toMatchObject(denied(permission))));
  });

  it('deleting for ever takes a manager', async () => {
    const own = await task(member);
    await expect(deleteTask(member.ctx(), { id: own.id, permanent: true })).rejects.toMatchObject(
      denied('task:delete_any'),
    );
    expect(await getTask(member.ctx(), { id: own.id })).toMatchObject({ version: 1 });
    await deleteTask(manager.ctx(), { id: own.id, permanent: true });
    await expect(getTask(manager.ctx(), { id: own.id })).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('the trash shows a member what they created, a manager everything, and a viewer nothing', async () => {
    const own = await task(member);
    const other = await task(manager);
    for (const { id } of [own, other]) await deleteTask(manager.ctx(), { id, permanent: false });
    const seenBy = async (person: TestMember) => {
      const { data } = await listTasks(person.ctx(), trash);
      return [own, other].filter(({ id }) => data.some((seen) => seen.id === id));
    };
    expect(await seenBy(manager)).toEqual([own, other]);
    expect(await seenBy(member)).toEqual([own]);
    await expect(seenBy(viewer)).rejects.toMatchObject(denied('task:delete'));
  });

  it('who sees only what is assigned to them is assigned what they create', async () => {
    const created = await createTask(developer.ctx(), { title: 'Unassigned by its input' });
    expect(created.assignees.map(({ id }) => id)).toEqual([developer.userId]);
    expect((await createTask(member.ctx(), { title: 'Unassigned' })).assignees).toEqual([]);
    await expect(task(developer, member)).rejects.toMatchObject(denied('task:create'));
  });

  it('who sees only what is assigned to them cannot give it away', async () => {
    const own = await task(member, developer);
    await expect(updateTask(developer.ctx(), { id: own.id, assigneeIds: [member.userId] })).rejects.toMatchObject(
      denied('task:update'),
    );
    const both = await updateTask(developer.ctx(), { id: own.id, assigneeIds: [developer.userId, member.userId] });
    expect(both.assignees).toHaveLength(2);
  });

  it('what is not assigned to them is not there for them, whatever they try', async () => {
    const { id } = await task(member, member);
    const missing = { code: 'task_not_found' };
    await expect(getTask(developer.ctx(), { id })).rejects.toMatchObject(missing);
    await expect(updateTask(developer.ctx(), { id, title: 'Mine' })).rejects.toMatchObject(missing);
    await expect(deleteTask(developer.ctx(), { id, permanent: false })).rejects.toMatchObject(missing);
    await expect(createComment(developer.ctx(), { taskId: id, body: 'Here' })).rejects.toMatchObject(missing);
    expect(await getTask(member.ctx(), { id })).toMatchObject({ version: 1 });
  });
});
