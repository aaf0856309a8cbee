import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import type { TableDefinition } from '../../database/table.ts';
import { getJob } from '../../jobs/index.ts';
import { removeMember } from '../../tenancy/index.ts';
import { membershipTable } from '../../tenancy/memberships/membership.entity.ts';
import { seedTree } from '../../testing/big-tree.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { createWorld, type WorldRow } from '../../testing/world.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { createTask, deleteTask, getTask, type Task, updateTask } from '../index.ts';
import { listTaskActivity } from './task.activity.ts';
import { taskAssigneeTable, taskTable } from './task.entity.ts';
import { reassignTasks } from './task.reassign.ts';

describe.each(dialects)('reassigning tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const organizationId = 'of-the-context';
  const create = (assignees: readonly TestMember[], input: Partial<Task> = {}) =>
    createTask(acme.owner.ctx(), {
      title: 'Handed over',
      assigneeIds: assignees.map(({ userId }) => userId),
      ...(input.status ? { status: input.status } : {}),
    });
  const assigneesOf = async ({ id }: Task) =>
    (await getTask(acme.owner.ctx(), { id })).assignees.map((person) => person.id);
  const hand = (from: { userId: string }, to: { userId: string }, by: TestMember = acme.owner) =>
    reassignTasks(by.ctx(), { organizationId, userId: from.userId, toUserId: to.userId });

  it('hands every open task over, in its place, and raises each version once', async () => {
    const [gone, heir, third] = [
      await acme.addMember('member'),
      await acme.addMember('member'),
      await acme.addMember('member'),
    ];
    const [first, middle, both] = [
      await create([gone]),
      await create([third, gone]),
      await create([heir, third, gone]),
    ];
    const [done, archived, trashed, other] = [
      await create([gone], { status: 'done' }),
      await create([gone], { status: 'archived' }),
      await create([gone]),
      await create([third]),
    ];
    await deleteTask(acme.owner.ctx(), { id: trashed.id, permanent: false });
    // What somebody leaves behind is theirs by name, and can still be handed over.
    await removeMember(acme.owner.ctx(), { organizationId, userId: gone.userId });
    expect(await assigneesOf(first)).toEqual([gone.userId]);

    expect(await hand(gone, heir)).toEqual({ reassigned: 3 });

    expect(await assigneesOf(first)).toEqual([heir.userId]);
    expect(await assigneesOf(middle)).toEqual([third.userId, heir.userId]);
    expect(await assigneesOf(both)).toEqual([heir.userId, third.userId]);
    for (const task of [done, archived]) expect(await getTask(acme.owner.ctx(), { id: task.id })).toEqual(task);
    expect(await getTask(acme.owner.ctx(), { id: other.id })).toEqual(other);
    for (const task of [first, middle, both]) {
      const after = await getTask(acme.owner.ctx(), { id: task.id });
      expect(after).toMatchObject({ version: 2, updatedBy: { id: acme.owner.userId } });
      const { data } = await listTaskActivity(acme.owner.ctx(), { id: task.id, limit: 1, total: false });
      expect(data[0]).toMatchObject({
        type: 'task.updated',
        data: { version: 2 },
        changes: {
          assigneeIds: { from: task.assignees.map(({ id }) => id), to: after.assignees.map(({ id }) => id) },
        },
      });
    }
    expect(await hand(gone, heir)).toEqual({ reassigned: 0 });
  });

  it('finds open tasks behind more tasks in the trash than one statement takes', async () => {
    const world = await createWorld(platform);
    const there = { organizationId: world.organizationId, userId: acme.owner.userId };
    const assigned = (row: WorldRow) => ({ ...world.another('task_assignees'), taskId: row['id'] });
    const trashed = Array.from({ length: 500 }, () => ({ ...world.another('tasks'), deletedAt: new Date() }));
    const last = world.another('tasks');
    await writeThroughSystemDoor(anonymous(platform), async (unit) => {
      const add = ({ entity }: TableDefinition, rows: readonly WorldRow[]) => unit.insert(entity, ...rows);
      await add(membershipTable, [{ ...world.row('memberships'), ...there }]);
      await add(taskTable, [...trashed, last]);
      await add(taskAssigneeTable, [...trashed, last].map(assigned));
    });

    const to = { organizationId, userId: world.userId, toUserId: acme.owner.userId };
    const ctx = platform.context({ principal: world.principal() });
    expect(await reassignTasks(ctx, to)).toEqual({ reassigned: 2 });
  });

  it('goes from anybody who ever was a member to an active one', async () => {
    const other = await createOrganization(platform);
    const [member, ended] = [await acme.addMember('member'), await acme.addMember('member')];
    await removeMember(acme.owner.ctx(), { organizationId, userId: ended.userId });
    const task = await create([member]);

    for (const from of [other.owner, { userId: uuidv7() }])
      expect(await codeOf(hand(from, member))).toBe('member_not_found');
    for (const to of [other.owner, ended, { userId: uuidv7() }])
      await expect(hand(member, to)).rejects.toMatchObject({
        code: 'assignee_not_found',
        details: { field: ['toUserId'] },
      });
    expect(await codeOf(hand(member, member))).toBe('validation_failed');
    expect(await getTask(acme.owner.ctx(), { id: task.id })).toEqual(task);
  });

  /** Somebody whose role lets them hand over what is assigned to them. */
  async function narrowMember(): Promise<TestMember> {
    const member = await acme.addMember('member');
    const grants = member.principal.grants.map((grant) => ({
      ...grant,
      permissions: new Set([...grant.permissions, 'task:reassign']),
      constraints: ['assignedOnly'] as const,
    }));
    return { ...member, ctx: () => platform.context({ principal: { ...member.principal, grants } }) };
  }

  it('is for those who may hand over any task', async () => {
    const [member, manager] = [await acme.addMember('member'), await acme.addMember('manager')];
    const [from, to] = [await acme.addMember('member'), await acme.addMember('member')];
    await create([from]);
    expect(await codeOf(hand(from, to, member))).toBe('permission_denied');
    expect(await hand(from, to, manager)).toEqual({ reassigned: 1 });
  });

  it('hands over what is assigned to those who see nothing else', async () => {
    const narrow = await narrowMember();
    const [from, to] = [await acme.addMember('member'), await acme.addMember('member')];
    const [task, shared] = [await create([from]), await create([from, narrow])];
    expect(await hand(from, to, narrow)).toEqual({ reassigned: 1 });
    expect(await assigneesOf(shared)).toEqual([to.userId, narrow.userId]);
    expect(await assigneesOf(task)).toEqual([from.userId]);
  });

  it('leaves tasks alone that are not assigned to those who may change no other', async () => {
    const narrow = await narrowMember();
    const [from, to] = [await acme.addMember('member'), await acme.addMember('member')];
    const task = await create([from]);
    await codeOf(hand(from, to, narrow));
    expect(await getTask(acme.owner.ctx(), { id: task.id })).toEqual(task);
  });

  it('is not by those who would see the tasks no more', async () => {
    const [narrow, to] = [await narrowMember(), await acme.addMember('member')];
    const task = await create([narrow]);
    expect(await codeOf(hand(narrow, to, narrow))).toBe('permission_denied');
    expect(await getTask(acme.owner.ctx(), { id: task.id })).toEqual(task);
  });

  it('works through more tasks than one step takes', async () => {
    const [from, to] = [await acme.addMember('member'), await acme.addMember('member')];
    await seedTree(platform, acme, { size: 1200, assigneeId: from.userId });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      const answer = await hand(one, other);
      if (!('kind' in answer)) throw new Error('It should have started a job.');
      expect(answer).toMatchObject({ kind: 'members.reassignTasks', status: 'waiting', progress: null });
      await platform.runDueJobs();
      expect(await getJob(acme.owner.ctx(), answer)).toMatchObject({ status: 'done', result: { reassigned: 1201 } });
    }
  }, 60_000);

  it('starts no job for somebody who cannot be assigned', async () => {
    const [from, gone] = [await acme.addMember('member'), await acme.addMember('member')];
    await removeMember(acme.owner.ctx(), { organizationId, userId: gone.userId });
    await seedTree(platform, acme, { size: 600, assigneeId: from.userId });
    expect(await codeOf(hand(from, gone))).toBe('assignee_not_found');
  }, 60_000);

  it('stops when the new assignee has left', async () => {
    const [from, to] = [await acme.addMember('member'), await acme.addMember('member')];
    await seedTree(platform, acme, { size: 600, assigneeId: from.userId });
    const answer = await hand(from, to);
    if (!('kind' in answer)) throw new Error('It should have started a job.');
    await removeMember(acme.owner.ctx(), { organizationId, userId: to.userId });
    await platform.runDueJobs();
    expect(await getJob(acme.owner.ctx(), answer)).toMatchObject({
      status: 'failed',
      error: { code: 'assignee_not_found' },
    });
  }, 60_000);

  it('loses nothing to updates at the same time', async () => {
    const [from, to, third] = [
      await acme.addMember('member'),
      await acme.addMember('member'),
      await acme.addMember('member'),
    ];
    const tasks: Task[] = [];
    for (let count = 0; count < 10; count++) tasks.push(await create([from]));

    await Promise.all([
      hand(from, to),
      ...tasks.slice(0, 5).map(({ id }) => codeOf(updateTask(acme.owner.ctx(), { id, assigneeIds: [third.userId] }))),
    ]);

    for (const [index, task] of tasks.entries()) {
      const after = await getTask(acme.owner.ctx(), { id: task.id });
      expect(after.assignees).toHaveLength(1);
      const possible = index >= 5 ? [to.userId] : [to.userId, third.userId];
      expect(possible).toContain(after.assignees[0]?.id);
    }
  });
});
