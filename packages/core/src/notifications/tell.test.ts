import { beforeAll, describe, expect, it } from 'vitest';
import { enqueue } from '../jobs/index.ts';
import { MembershipEntity } from '../tenancy/memberships/membership.entity.ts';
import { everywhere, RoleAssignmentEntity } from '../tenancy/role-assignments/role-assignment.entity.ts';
import { addMember, removeMember } from '../tenancy/index.ts';
import { notificationsOf, notifyAll } from '../testing/notifications.ts';
import { createOrganization, dialects, TestClock, type TestMember } from '../testing/index.ts';
import { openSuite } from '../testing/suite.ts';
import { uuidv7 } from '../kernel/ids.ts';
import {
  createComment,
  createTask,
  deleteComment,
  deleteTask,
  reassignTasks,
  updateComment,
  updateTask,
  watchTask,
} from '../work/index.ts';
import { Notification } from './notification.schema.ts';
import { tellJob } from './reaction.ts';

describe.each(dialects)('what people are told on %s', (dialect) => {
  const clock = new TestClock();
  const suite = openSuite(dialect, { clock });
  let member: TestMember;
  let developer: TestMember;
  let watcher: TestMember;

  beforeAll(async () => {
    member = await suite.acme.addMember('member');
    developer = await suite.acme.addMember('developer');
    watcher = await suite.acme.addMember('viewer');
  });

  const task = (by: TestMember, title: string, ...assignees: TestMember[]) =>
    createTask(by.ctx(), { title, assigneeIds: assignees.map(({ userId }) => userId) });
  const tellAll = () => notifyAll(suite.platform, clock);
  /** Notifies people, and answers the notifications of one person about a task. */
  async function told(who: TestMember, taskId: string) {
    await tellAll();
    const found = await notificationsOf(who.ctx(), { task: [taskId] });
    for (const one of found) expect(Notification.parse(one)).toEqual(one);
    return found.map(({ type, message }) => ({ type, message }));
  }
  const waiting = async () => {
    await suite.platform.sealer.sealAll();
    return (
      await suite.system(({ db }) =>
        db
          .selectFrom('jobs')
          .select(['payload', 'organization_id as organizationId'])
          .where('kind', '=', tellJob)
          .where('status', '=', 'waiting')
          .execute(),
      )
    ).map(({ payload }) => payload);
  };
  const nameOf = async ({ userId }: TestMember) =>
    (
      await suite.system(({ db }) =>
        db
          .selectFrom('users')
          .select(['full_name as name', 'username'])
          .where('id', '=', userId)
          .executeTakeFirstOrThrow(),
      )
    ).name;

  it('who is assigned is told, and who does it is not', async () => {
    const { id } = await task(suite.owner, 'Sweep', member, suite.owner);
    await updateTask(suite.owner.ctx(), { id, assigneeIds: [member.userId, developer.userId] });
    const message = `${await nameOf(suite.owner)} assigned Sweep to you`;
    expect(await told(member, id)).toEqual([{ type: 'task.assigned', message }]);
    expect(await told(developer, id)).toEqual([{ type: 'task.assigned', message }]);
    expect(await told(suite.owner, id)).toEqual([]);
    const [one] = await notificationsOf(member.ctx(), { task: [id] });
    expect(one).toMatchObject({
      organization: { id: suite.acme.id, slug: suite.acme.slug },
      entity: { type: 'task', id },
      task: { id, title: 'Sweep', number: expect.any(Number), key: null },
      commentId: null,
      actor: { id: suite.owner.userId },
      readAt: null,
    });
  });

  it('a change of hands is told to the new assignee of each task', async () => {
    const [from, to] = [await suite.acme.addMember('member'), await suite.acme.addMember('member')];
    const ids = [(await task(suite.owner, 'One', from)).id, (await task(suite.owner, 'Two', from)).id];
    await tellAll();
    await reassignTasks(suite.owner.ctx(), { organizationId: suite.acme.id, userId: from.userId, toUserId: to.userId });
    expect(await waiting()).toHaveLength(1);
    for (const id of ids) expect(await told(to, id)).toMatchObject([{ type: 'task.assigned' }]);
    for (const id of ids) expect(await told(from, id)).toHaveLength(1);
  });

  it('a new status is told to those who watch, once, and not to those who have muted it', async () => {
    const { id } = await task(member, 'Sort', developer);
    await watchTask(watcher.ctx(), { id, muted: false });
    await watchTask(developer.ctx(), { id, muted: true });
    await tellAll();
    await updateTask(suite.owner.ctx(), {
      id,
      status: 'in_progress',
      assigneeIds: [developer.userId, suite.owner.userId],
      title: 'Sort it',
    });
    const message = `${await nameOf(suite.owner)} moved Sort it from todo to in_progress`;
    expect(await told(member, id)).toEqual([{ type: 'task.status_changed', message }]);
    expect(await told(watcher, id)).toEqual([{ type: 'task.status_changed', message }]);
    expect(await told(developer, id)).toEqual([]);
    expect(await told(suite.owner, id)).toEqual([]);
    await updateTask(suite.owner.ctx(), { id, status: 'done', assigneeIds: [watcher.userId] });
    expect((await told(watcher, id)).map(({ type }) => type)).toEqual(['task.assigned', 'task.status_changed']);
  });

  it('a comment is told to those who watch, and a mention to who is mentioned, once', async () => {
    const { id } = await task(member, 'Paint');
    await watchTask(watcher.ctx(), { id, muted: false });
    const mention = `@${watcher.email.split('@')[0]}`;
    const comment = await createComment(suite.owner.ctx(), { taskId: id, body: `Which colour, ${mention}?` });
    const path = { taskId: id, commentId: comment.id };
    expect((await told(member, id)).map(({ type }) => type)).toEqual(['task.commented']);
    expect((await told(watcher, id)).map(({ type }) => type)).toEqual(['task.mentioned']);
    await updateComment(suite.owner.ctx(), { ...path, body: `What colour, ${mention}?` });
    await updateComment(suite.owner.ctx(), { ...path, body: `What colour, @${member.email.split('@')[0]}?` });
    expect((await told(member, id)).map(({ type }) => type)).toEqual(['task.mentioned', 'task.commented']);
    expect((await told(watcher, id)).map(({ type }) => type)).toEqual(['task.mentioned']);
    const [one] = await notificationsOf(watcher.ctx(), { task: [id] });
    expect(one).toMatchObject({ entity: { type: 'comment', id: comment.id }, commentId: comment.id });
    await createComment(member.ctx(), { taskId: id, body: 'Green.' });
    expect((await told(suite.owner, id)).map(({ type }) => type)).toEqual(['task.commented']);
  });

  it('nobody is told what they do not see any more', async () => {
    const { id } = await task(suite.owner, 'Secret', developer, member, watcher);
    await updateTask(suite.owner.ctx(), { id, assigneeIds: [member.userId] });
    expect(await told(developer, id)).toEqual([]);
    const comment = await createComment(suite.owner.ctx(), { taskId: id, body: 'A slip.' });
    await deleteComment(suite.owner.ctx(), { taskId: id, commentId: comment.id });
    expect((await told(member, id)).map(({ type }) => type)).toEqual(['task.assigned']);
    const leaver = await suite.acme.addMember('member');
    const { id: left } = await task(suite.owner, 'Left', leaver);
    await removeMember(suite.owner.ctx(), { organizationId: suite.acme.id, userId: leaver.userId });
    expect(await told(leaver, left)).toEqual([]);
    const { id: gone } = await task(suite.owner, 'Gone', member);
    await deleteTask(suite.owner.ctx(), { id: gone, permanent: false });
    expect(await told(member, gone)).toEqual([]);
  });

  it('what they were told names nothing that they no longer see', async () => {
    const { id } = await task(suite.owner, 'Hidden title', developer);
    expect(await told(developer, id)).toHaveLength(1);
    await updateTask(suite.owner.ctx(), { id, assigneeIds: [] });
    const [one] = await notificationsOf(developer.ctx(), { task: [id] });
    expect(one).toMatchObject({ task: null, actor: null, message: 'You no longer see what this was about' });
    expect(JSON.stringify(one)).not.toContain('Hidden title');
  });

  it('nothing is written when nobody else could be told', async () => {
    await tellAll();
    const { id } = await task(suite.owner, 'Alone', suite.owner);
    await updateTask(suite.owner.ctx(), { id, status: 'done' });
    await updateTask(suite.owner.ctx(), { id, title: 'Still alone' });
    await createComment(suite.owner.ctx(), { taskId: id, body: 'To myself.' });
    const { id: theirs } = await task(member, 'Theirs');
    await updateTask(suite.owner.ctx(), { id: theirs, title: 'Renamed' });
    await updateTask(suite.owner.ctx({ dryRun: true }), { id: theirs, status: 'done' });
    expect(await waiting()).toEqual([]);
    await watchTask(watcher.ctx(), { id, muted: false });
    await updateTask(suite.owner.ctx(), { id, status: 'todo' });
    expect(await waiting()).toEqual([{ events: [expect.any(String)] }]);
  });

  it('nobody is told about what is made up', async () => {
    await tellAll();
    const quiet = suite.platform.context({ principal: suite.owner.principal, quiet: true });
    const { id } = await createTask(quiet, { title: 'Made up', assigneeIds: [member.userId] });
    expect(await waiting()).toEqual([]);
    expect(await told(member, id)).toEqual([]);
  });

  it('jobs that wait are done together, also those about the same', async () => {
    await tellAll();
    const ids = [];
    for (let count = 0; count < 10; count++) {
      ids.push((await task(suite.owner, `Box ${count}`, member)).id);
      await suite.platform.sealer.sealAll();
    }
    const payloads = await waiting();
    expect(payloads).toHaveLength(10);
    await suite.system((unit) =>
      enqueue(unit, tellJob, payloads[0] ?? {}, { organizationId: suite.acme.id, priority: -5 }),
    );
    const counts = (
      await suite.system(({ db }) => db.selectFrom('jobs').select('id').where('kind', '=', tellJob).execute())
    ).length;
    await tellAll();
    for (const id of ids) expect(await told(member, id)).toHaveLength(1);
    const left = (
      await suite.system(({ db }) => db.selectFrom('jobs').select('id').where('kind', '=', tellJob).execute())
    ).length;
    // A runner takes four jobs at once. One of them takes over the others.
    expect(left).toBeLessThanOrEqual(counts - 7);
    expect(await waiting()).toEqual([]);
  });

  it('a job that runs again tells nobody twice', async () => {
    await tellAll();
    const { id } = await task(suite.owner, 'Again', member);
    const [payload = {}] = await waiting();
    expect(await told(member, id)).toHaveLength(1);
    await suite.system((unit) => enqueue(unit, tellJob, payload, { organizationId: suite.acme.id }));
    expect(await told(member, id)).toHaveLength(1);
  });

  it('an invitation is told to whoever has the address', async () => {
    const beta = await createOrganization(suite.platform, 'Beta');
    await addMember(beta.owner.ctx(), { organizationId: beta.id, email: member.email, roleIds: [beta.roleIds.viewer] });
    await addMember(beta.owner.ctx(), {
      organizationId: beta.id,
      email: 'nobody@example.com',
      roleIds: [beta.roleIds.viewer],
    });
    await tellAll();
    const [one, ...others] = await notificationsOf(member.ctx(), { type: ['invitation.received'] });
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      organization: { id: beta.id, name: 'Beta' },
      entity: { type: 'invitation' },
      task: null,
      actor: { id: beta.owner.userId },
      message: `${await nameOf(beta.owner)} invited you to Beta`,
    });
  });

  it('all organizations are in one list, but for a session that is valid in one', async () => {
    const beta = await createOrganization(suite.platform, 'Beta');
    const both = await suite.acme.addMember('viewer');
    const now = clock.now();
    await suite.system(async (unit) => {
      const { userId } = both;
      await unit.insert(MembershipEntity, {
        organizationId: beta.id,
        userId,
        status: 'active',
        version: 1,
        joinedAt: now,
        createdAt: now,
        updatedAt: now,
      });
      await unit.insert(RoleAssignmentEntity, {
        organizationId: beta.id,
        id: uuidv7(),
        userId,
        roleId: beta.roleIds.viewer,
        scopeKey: everywhere,
        createdAt: now,
        createdById: beta.owner.userId,
      });
    });
    await task(suite.owner, 'In Acme', both);
    await task(beta.owner, 'In Beta', both);
    await tellAll();
    const titles = async (principal: TestMember['principal']) =>
      (await notificationsOf(suite.platform.context({ principal }))).map((one) => one.task?.title);
    expect(await titles(both.principal)).toEqual(['In Beta', 'In Acme']);
    expect(await titles({ ...both.principal, organizationId: null, grants: [] })).toEqual(['In Beta', 'In Acme']);
    expect(await titles({ ...both.principal, limited: true })).toEqual(['In Acme']);
    expect(await titles({ ...both.principal, organizationId: null, grants: [], limited: true })).toEqual([]);
  });
});
