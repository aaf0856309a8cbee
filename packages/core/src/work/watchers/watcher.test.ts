import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous, codeOf, codesOf } from '../../testing/people.ts';
import { removeMember } from '../../tenancy/index.ts';
import { createComment, createTask, getTask, listTasks, TaskListInput, updateTask } from '../index.ts';
import { listWatchers } from './watcher.queries.ts';
import { Watcher, WatcherListInput } from './watcher.schema.ts';
import { addWatcher, removeWatcher, unwatchTask, watchTask } from './watcher.service.ts';

describe.each(dialects)('watchers on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let owner: TestMember;
  let member: TestMember;
  let viewer: TestMember;
  let developer: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    ({ owner } = acme);
    member = await acme.addMember('member');
    viewer = await acme.addMember('viewer');
    developer = await acme.addMember('developer');
  });
  afterAll(() => platform.dispose());

  const task = (...assignees: TestMember[]) =>
    createTask(owner.ctx(), { title: 'Watch the oven', assigneeIds: assignees.map(({ userId }) => userId) });
  const watchers = async (id: string, input = {}) => {
    const { data, nextCursor, total } = await listWatchers(
      owner.ctx(),
      WatcherListInput.parse({ taskId: id, ...input }),
    );
    for (const watcher of data) expect(Watcher.parse(watcher)).toEqual(watcher);
    return { of: new Map(data.map(({ user, ...how }) => [user.id, how])), nextCursor, total };
  };
  const rowsOf = (taskId: string) =>
    writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db
        .selectFrom('task_watchers')
        .select(['user_id as userId', 'reason', 'muted'])
        .where('task_id', '=', taskId)
        .execute(),
    );

  it('are the creator and the assignees, without a row', async () => {
    const { id } = await task(member, owner);
    expect((await watchers(id)).of).toEqual(
      new Map([
        [owner.userId, { reason: 'creator', muted: false }],
        [member.userId, { reason: 'assignee', muted: false }],
      ]),
    );
    expect(await rowsOf(id)).toEqual([]);
    await updateTask(owner.ctx(), { id, assigneeIds: [] });
    expect([...(await watchers(id)).of.keys()]).toEqual([owner.userId]);
  });

  it('are whoever watches, until they no longer do', async () => {
    const { id } = await task();
    const watched = await watchTask(viewer.ctx(), { id, muted: false });
    expect(watched).toMatchObject({ user: { id: viewer.userId }, reason: 'self', muted: false });
    expect(await watchTask(viewer.ctx(), { id, muted: true })).toMatchObject({ reason: 'self', muted: true });
    expect((await watchers(id)).of.get(viewer.userId)).toEqual({ reason: 'self', muted: true });
    await unwatchTask(viewer.ctx(), { id });
    await unwatchTask(viewer.ctx(), { id });
    expect((await watchers(id)).of.has(viewer.userId)).toBe(false);
  });

  it('who are the creator or assigned can only mute', async () => {
    const { id } = await task(member);
    expect(await watchTask(member.ctx(), { id, muted: false })).toMatchObject({ reason: 'assignee', muted: false });
    expect(await rowsOf(id)).toEqual([]);
    await unwatchTask(member.ctx(), { id });
    expect((await watchers(id)).of.get(member.userId)).toEqual({ reason: 'assignee', muted: true });
    expect(await watchTask(owner.ctx(), { id, muted: true })).toMatchObject({ reason: 'creator', muted: true });
    expect(await watchTask(owner.ctx(), { id, muted: false })).toMatchObject({ reason: 'creator', muted: false });
    expect(await codeOf(removeWatcher(owner.ctx(), { taskId: id, userId: member.userId }))).toBe('watcher_stays');
  });

  it('are added by others when they see the task', async () => {
    const { id } = await task();
    const added = await addWatcher(member.ctx(), { taskId: id, userId: viewer.userId });
    expect(added).toMatchObject({ user: { id: viewer.userId }, reason: 'added', muted: false });
    await watchTask(viewer.ctx(), { id, muted: true });
    expect(await addWatcher(member.ctx(), { taskId: id, userId: viewer.userId })).toMatchObject({
      reason: 'added',
      muted: true,
    });
    expect(await addWatcher(member.ctx(), { taskId: id, userId: member.userId })).toMatchObject({ reason: 'self' });
    expect(await codeOf(addWatcher(member.ctx(), { taskId: id, userId: developer.userId }))).toBe('watcher_cannot_see');
    const stranger = (await createOrganization(platform)).owner;
    expect(await codeOf(addWatcher(member.ctx(), { taskId: id, userId: stranger.userId }))).toBe('member_not_found');
    expect(await codeOf(addWatcher(viewer.ctx(), { taskId: id, userId: viewer.userId }))).toBe('permission_denied');
    await removeWatcher(member.ctx(), { taskId: id, userId: viewer.userId });
    expect(await codeOf(removeWatcher(member.ctx(), { taskId: id, userId: viewer.userId }))).toBe('watcher_not_found');
  });

  it('are those who comment, unless they have muted it', async () => {
    const { id } = await task();
    await createComment(member.ctx(), { taskId: id, body: 'It is hot.' });
    expect((await watchers(id)).of.get(member.userId)).toEqual({ reason: 'commenter', muted: false });
    await watchTask(member.ctx(), { id, muted: true });
    await Promise.all(
      [1, 2, 3].map((count) => createComment(member.ctx(), { taskId: id, body: `Still hot ${count}.` })),
    );
    expect((await watchers(id)).of.get(member.userId)).toEqual({ reason: 'commenter', muted: true });
    const fresh = await task();
    await Promise.all(
      [1, 2, 3].map((count) => createComment(member.ctx(), { taskId: fresh.id, body: `Hot ${count}.` })),
    );
    expect(await rowsOf(fresh.id)).toEqual([{ userId: member.userId, reason: 'commenter', muted: false }]);
  });

  it('are seen and chosen by those who see the task only', async () => {
    const { id } = await task();
    const refused = await codesOf([
      listWatchers(developer.ctx(), WatcherListInput.parse({ taskId: id })),
      watchTask(developer.ctx(), { id, muted: false }),
      unwatchTask(developer.ctx(), { id }),
    ]);
    expect(refused).toEqual(['task_not_found']);
  });

  it('are listed in pages', async () => {
    const { id } = await task(member, viewer);
    await addWatcher(owner.ctx(), { taskId: id, userId: (await acme.addMember('viewer')).userId });
    const first = await watchers(id, { limit: 3, total: true });
    expect(first).toMatchObject({ total: 4, nextCursor: expect.any(String) });
    const second = await watchers(id, { limit: 3, cursor: first.nextCursor });
    expect(second.nextCursor).toBeNull();
    expect(new Set([...first.of.keys(), ...second.of.keys()]).size).toBe(4);
  });

  it('find what they watch in lists, and see it in each task', async () => {
    const who = await acme.addMember('member');
    const [assigned, muted, commented, watched, unseen] = [
      await task(who),
      await task(who),
      await task(),
      await task(),
      await task(),
    ];
    const own = await createTask(who.ctx(), { title: 'Own' });
    await createComment(who.ctx(), { taskId: commented.id, body: 'Hot.' });
    await watchTask(who.ctx(), { id: muted.id, muted: true });
    await watchTask(who.ctx(), { id: watched.id, muted: false });
    await watchTask(viewer.ctx(), { id: unseen.id, muted: false });
    const idsOf = async (input: Readonly<Record<string, unknown>>) => {
      const { data, total } = await listTasks(who.ctx(), TaskListInput.parse({ total: true, limit: 100, ...input }));
      expect(total).toBe(data.length);
      return { ids: data.map(({ id }) => id), marks: new Set(data.map(({ watching }) => watching)) };
    };
    const yes = [own, watched, commented, assigned].map(({ id }) => id);
    for (const more of [{}, { sort: 'title' }, { status: ['todo'] }, { search: 'o' }]) {
      const found = await idsOf({ watching: true, ...more });
      expect([found.ids.toSorted(), found.marks]).toEqual([yes.toSorted(), new Set([true])]);
      const others = await idsOf({ watching: false, ...more });
      expect(others.marks).toEqual(new Set([false]));
      expect(others.ids).toEqual(expect.arrayContaining([muted.id, unseen.id]));
    }
    expect(own.watching).toBe(true);
    for (const { id } of [own, watched, commented, assigned, muted, unseen])
      expect((await getTask(who.ctx(), { id })).watching).toBe(yes.includes(id));
    expect((await updateTask(who.ctx(), { id: muted.id, title: 'Muted oven' })).watching).toBe(false);
    expect((await updateTask(who.ctx(), { id: unseen.id, assigneeIds: [who.userId] })).watching).toBe(true);
    expect((await updateTask(who.ctx(), { id: assigned.id, assigneeIds: [] })).watching).toBe(false);
  });

  it('who leave the organization watch nothing any more', async () => {
    const [leaver, { id }] = [await acme.addMember('member'), await task()];
    await watchTask(leaver.ctx(), { id, muted: false });
    await removeMember(owner.ctx(), { organizationId: acme.id, userId: leaver.userId });
    expect(await rowsOf(id)).toEqual([]);
  });

  it('record an event for each change, and leave the version of the task', async () => {
    const { id } = await task();
    await watchTask(viewer.ctx(), { id, muted: false });
    await watchTask(viewer.ctx(), { id, muted: false });
    await watchTask(viewer.ctx(), { id, muted: true });
    await unwatchTask(viewer.ctx(), { id });
    const rows = await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.selectFrom('events').select('type').where('entity_id', '=', id).orderBy('id').execute(),
    );
    expect(rows.map(({ type }) => type)).toEqual([
      'task.created',
      'task.watcher_added',
      'task.watcher_updated',
      'task.watcher_removed',
    ]);
    expect(await updateTask(owner.ctx({ ifMatch: [1] }), { id, title: 'Watched' })).toMatchObject({ version: 2 });
  });
});
