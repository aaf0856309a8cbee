import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import type { Constraint } from '../../kernel/principal.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  addMember,
  createDepartment,
  createRole,
  createRoleAssignment,
  createTeam,
  deleteTeam,
  listMembers,
  listRoles,
  MemberListInput,
  moveDepartment,
  RoleAssignmentCreate,
  RoleCreate,
  RoleListInput,
  setMemberRoles,
  updateTeam,
} from '../../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import {
  CommentListInput,
  createComment,
  createTag,
  createTask,
  deleteTag,
  deleteTask,
  getTask,
  listComments,
  listTags,
  listTaskActivity,
  listTasks,
  restoreTask,
  TagListInput,
  TaskListInput,
  updateTag,
  updateTask,
} from '../index.ts';

/** How long it may take until what was decided elsewhere is known. */
const soon = 5000;

describe.each(dialects)('roles held in a part of the organization on %s', (dialect) => {
  const clock = new TestClock();
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  let count = 0;
  const owner = () => acme.owner.ctx();
  const as = ({ userId }: TestMember) => acting(platform, userId, acme.id);
  const team = async (departmentId: string | null = null) =>
    (await createTeam(owner(), { name: `Team ${++count}`, departmentId })).id;
  const department = async (parentId: string | null = null) =>
    (await createDepartment(owner(), { name: `Department ${++count}`, parentId })).id;
  const task = (teamId: string | null, more: object = {}) => createTask(owner(), { title: 'Sail', teamId, ...more });

  type Scope = RoleAssignmentCreate['scope'];
  const inTeam = (id: string): Scope => ({ kind: 'team', id });
  const inDepartment = (id: string): Scope => ({ kind: 'department', id });
  const give = (member: TestMember, roleId: string, scope: Scope, validTo: string | null = null) =>
    createRoleAssignment(owner(), { userId: member.userId, roleId, scope, validTo });
  const custom = async (permissions: readonly Permission[], constraints: readonly Constraint[] = []) =>
    (await createRole(owner(), RoleCreate.parse({ name: `Role ${++count}`, permissions, constraints }))).id;
  /** A member who is a manager there, and nothing anywhere else. */
  const managing = async (...scopes: Scope[]) => {
    const member = await acme.addMember();
    for (const scope of scopes) await give(member, acme.roleIds.manager, scope);
    return member;
  };
  const idsSeen = async (member: TestMember, filters: object = {}) =>
    (await listTasks(await as(member), TaskListInput.parse({ sort: 'number', ...filters }))).data.map(({ id }) => id);

  /** Every way in which somebody could learn of a task. */
  async function waysTo(member: TestMember, id: string) {
    const ctx = await as(member);
    return Promise.all([
      codeOf(getTask(ctx, { id })),
      codeOf(listComments(ctx, CommentListInput.parse({ taskId: id }))),
      codeOf(listTaskActivity(ctx, { id, limit: 10, total: false })),
      codeOf(updateTask(ctx, { id, title: 'Sail on' })),
      codeOf(createComment(ctx, { taskId: id, body: 'Ahoy' })),
      codeOf(deleteTask(ctx, { id, permanent: false })),
      codeOf(createTask(ctx, { title: 'Below', teamId: null, parentId: id })),
    ]);
  }

  it('show and change the tasks of the team, and no other exists for who holds them', async () => {
    const [mine, other] = [await team(), await team()];
    const member = await managing(inTeam(mine));
    const tag = await createTag(owner(), { name: `scoped ${dialect}`, color: '#112233' });
    const inside = await task(mine, { title: 'Compass inside', tagIds: [tag.id] });
    const outside = await task(other, { title: 'Compass outside', tagIds: [tag.id] });
    const nowhere = await task(null, { title: 'Compass nowhere', tagIds: [tag.id] });
    await createComment(owner(), { taskId: inside.id, body: 'Seen' });
    await createComment(owner(), { taskId: outside.id, body: 'Unseen' });

    expect(await idsSeen(member)).toEqual([inside.id]);
    for (const filters of [
      { search: 'compass' },
      { tag: [tag.id] },
      { team: [mine, other, 'none'] },
      { createdBy: [acme.owner.userId] },
      { parent: ['none'] },
    ])
      expect(await idsSeen(member, filters)).toEqual([inside.id]);
    expect(await idsSeen(member, { team: [other] })).toEqual([]);
    const ctx = await as(member);
    expect((await listTasks(ctx, TaskListInput.parse({ total: true, limit: 1 }))).total).toBe(1);
    expect((await listTasks(ctx, TaskListInput.parse({ total: true, search: 'compass' }))).total).toBe(1);
    expect(await getTask(ctx, { id: inside.id })).toEqual({ ...inside, watching: false });
    const comments = await listComments(ctx, CommentListInput.parse({ taskId: inside.id, total: true }));
    expect([comments.data.map(({ body }) => body), comments.total]).toEqual([['Seen'], 1]);
    const activity = await listTaskActivity(ctx, { id: inside.id, limit: 10, total: true });
    expect([activity.data.map(({ type }) => type), activity.total]).toEqual([['comment.created', 'task.created'], 2]);

    for (const { id } of [outside, nowhere]) {
      expect(await waysTo(member, id)).toEqual([...Array(6).fill('task_not_found'), 'permission_denied']);
      expect(await codeOf(createTask(ctx, { title: 'Below', teamId: mine, parentId: id }))).toBe('parent_not_found');
      expect(await codeOf(updateTask(ctx, { id: inside.id, parentId: id }))).toBe('parent_not_found');
      expect(await getTask(owner(), { id })).toMatchObject({ version: 1, title: expect.stringMatching(/^Compass/) });
    }
    expect(await updateTask(ctx, { id: inside.id, title: 'Compass found' })).toMatchObject({ version: 2 });
    await deleteTask(ctx, { id: inside.id, permanent: false });
    expect(await idsSeen(member)).toEqual([]);
    expect(await restoreTask(ctx, { id: inside.id })).toMatchObject({ deletedAt: null });
  });

  it('create tasks in a team of theirs alone, and move none out of their reach', async () => {
    const [mine, also, other] = [await team(), await team(), await team()];
    const member = await managing(inTeam(mine), inTeam(also));
    const ctx = await as(member);
    const created = await createTask(ctx, { title: 'Ours', teamId: mine });
    const denied = {
      code: 'permission_denied',
      details: { permission: 'task:create', constraint: { kind: 'scope' } },
    };
    for (const input of [{ teamId: other }, { teamId: null }, {}, { teamId: uuidv7() }])
      await expect(createTask(ctx, { title: 'Theirs', ...input })).rejects.toMatchObject(denied);
    for (const teamId of [other, null])
      await expect(updateTask(ctx, { id: created.id, teamId })).rejects.toMatchObject({
        code: 'permission_denied',
        details: { permission: 'task:update', constraint: { kind: 'scope' } },
      });
    expect(await updateTask(ctx, { id: created.id, teamId: also })).toMatchObject({ teamId: also, version: 2 });
  });

  it('in a department reach what is below it, as the tree stands', async () => {
    const top = await department();
    const below = await department(top);
    const aside = await department();
    const [high, low, far] = [await team(top), await team(below), await team(aside)];
    const [a, b, c] = [(await task(high)).id, (await task(low)).id, (await task(far)).id];
    const member = await managing(inDepartment(top));
    expect(await idsSeen(member)).toEqual([a, b]);
    expect(await idsSeen(await managing(inDepartment(below)))).toEqual([b]);

    await updateTeam(owner(), { id: far, departmentId: below });
    clock.advance(soon);
    expect(await idsSeen(member)).toEqual([a, b, c]);
    expect(await updateTask(await as(member), { id: c, title: 'Near' })).toMatchObject({ version: 2 });

    await moveDepartment(owner(), { id: below, parentId: aside });
    clock.advance(soon);
    expect(await idsSeen(member)).toEqual([a]);
    expect(new Set((await waysTo(member, b)).slice(0, 6))).toEqual(new Set(['task_not_found']));
    // A team that is made there later is there as well.
    const { id } = await task(await team(top));
    clock.advance(soon);
    expect(await idsSeen(member)).toEqual([a, id]);
  });

  it('in a department without teams reach nothing', async () => {
    await task(await team());
    const member = await managing(inDepartment(await department()));
    expect(await idsSeen(member)).toEqual([]);
    expect((await listTasks(await as(member), TaskListInput.parse({ total: true }))).total).toBe(0);
    expect(await codeOf(createTask(await as(member), { title: 'None' }))).toBe('permission_denied');
  });

  it('add up, each with its own permissions', async () => {
    const [read, write] = [await team(), await team()];
    const [seen, changed] = [await task(read), await task(write)];
    const member = await managing(inTeam(write));
    await give(member, acme.roleIds.viewer, inTeam(read));
    expect(await idsSeen(member)).toEqual([seen.id, changed.id]);
    const ctx = await as(member);
    expect(await codeOf(updateTask(ctx, { id: changed.id, title: 'Changed' }))).toBe('passed');
    // What is seen but may not be changed is refused, not missing.
    await expect(updateTask(ctx, { id: seen.id, title: 'Changed' })).rejects.toMatchObject({
      code: 'permission_denied',
      details: { permission: 'task:update', constraint: { kind: 'scope' } },
    });
    expect(await codeOf(createComment(ctx, { taskId: seen.id, body: 'No' }))).toBe('permission_denied');
    expect(await codeOf(deleteTask(ctx, { id: seen.id, permanent: false }))).toBe('permission_denied');
    expect(await codeOf(updateTask(ctx, { id: changed.id, teamId: read }))).toBe('permission_denied');

    const everywhere = await acme.addMember('viewer');
    await give(everywhere, acme.roleIds.manager, inTeam(write));
    expect(await idsSeen(everywhere, { team: [read, write] })).toEqual([seen.id, changed.id]);
    expect(await codeOf(updateTask(await as(everywhere), { id: seen.id, title: 'No' }))).toBe('permission_denied');
    expect(await codeOf(updateTask(await as(everywhere), { id: changed.id, title: 'Yes' }))).toBe('passed');
  });

  it('with assignedOnly reach what is assigned to them there', async () => {
    const [mine, also, other] = [await team(), await team(), await team()];
    const member = await acme.addMember();
    const narrow = await custom(
      ['task:read', 'task:create', 'task:update', 'comment:read', 'activity:read'],
      ['assignedOnly'],
    );
    await give(member, narrow, inTeam(mine));
    await give(member, acme.roleIds.viewer, inTeam(also));
    const assigneeIds = [member.userId];
    const own = await task(mine, { assigneeIds });
    const others = await task(mine, { assigneeIds: [acme.owner.userId] });
    const far = await task(other, { assigneeIds });
    const open = await task(also);
    expect(await idsSeen(member)).toEqual([own.id, open.id]);
    expect(await idsSeen(member, { assignee: ['me'] })).toEqual([own.id]);
    const ctx = await as(member);
    for (const { id } of [others, far]) {
      expect(await codeOf(getTask(ctx, { id }))).toBe('task_not_found');
      expect(await codeOf(updateTask(ctx, { id, title: 'Mine' }))).toBe('task_not_found');
      expect(await codeOf(listTaskActivity(ctx, { id, limit: 10, total: false }))).toBe('task_not_found');
    }
    const { data } = await listTaskActivity(ctx, { id: own.id, limit: 10, total: false });
    expect(data).toHaveLength(1);
    const made = await createTask(ctx, { title: 'Made', teamId: mine });
    expect(made.assignees.map(({ id }) => id)).toEqual(assigneeIds);
    expect(await codeOf(createTask(ctx, { title: 'Given', teamId: mine, assigneeIds: [acme.owner.userId] }))).toBe(
      'permission_denied',
    );
    expect(await codeOf(createTask(ctx, { title: 'Outside', teamId: also }))).toBe('permission_denied');
    expect(await codeOf(updateTask(ctx, { id: made.id, assigneeIds: [] }))).toBe('permission_denied');

    // Everywhere what is assigned, and all of one team.
    const developer = await acme.addMember('developer');
    await give(developer, acme.roleIds.viewer, inTeam(also));
    const theirs = await task(other, { assigneeIds: [developer.userId] });
    expect(await idsSeen(developer)).toEqual([open.id, theirs.id]);
  });

  it('that end stop by themselves', async () => {
    const id = await team();
    const seen = await task(id);
    const member = await acme.addMember();
    const validTo = new Date(clock.now().getTime() + 60_000).toISOString();
    await give(member, acme.roleIds.manager, inTeam(id), validTo);
    clock.advance(59_999);
    expect(await idsSeen(member)).toEqual([seen.id]);
    clock.advance(1);
    expect(await codeOf(idsSeen(member))).toBe('permission_denied');
    expect(await codeOf(getTask(await as(member), { id: seen.id }))).toBe('permission_denied');
    expect(await codeOf(give(member, acme.roleIds.manager, inTeam(id)))).toBe('passed');
    expect(await idsSeen(member)).toEqual([seen.id]);
  });

  it('that have ended everywhere can be set again', async () => {
    const member = await acme.addMember('viewer');
    const everywhere = { kind: 'organization' } as const;
    const lent = async () => {
      const validTo = new Date(clock.now().getTime() + 1000).toISOString();
      await give(member, acme.roleIds.manager, everywhere, validTo);
      clock.advance(soon);
    };
    await lent();
    const roleIds = [acme.roleIds.viewer, acme.roleIds.manager];
    const given = await setMemberRoles(owner(), { organizationId: acme.id, userId: member.userId, roleIds });
    expect(given.roles.map(({ key }) => key)).toEqual(['manager', 'viewer']);
    clock.advance(soon);
    expect(await codeOf(createTag(await as(member), { name: `anew ${dialect}`, color: '#112233' }))).toBe('passed');
  });

  it('are given in a team that is deleted at the same time, or not, and go with it', async () => {
    const member = await acme.addMember();
    for (let round = 0; round < 5; round++) {
      const id = await team();
      const [given, deleted] = await Promise.all([
        codeOf(give(member, acme.roleIds.manager, inTeam(id))),
        codeOf(deleteTeam(owner(), { id })),
      ]);
      expect(['passed', 'team_not_found']).toContain(given);
      expect(deleted).toBe('passed');
    }
    expect((await as(member)).principal?.grants).toEqual([]);
  });

  it('delete no task with a subtask out of their reach, and change nothing', async () => {
    const [mine, other] = [await team(), await team()];
    const member = await managing(inTeam(mine));
    const parent = await task(mine);
    const near = await task(mine, { parentId: parent.id });
    const far = await task(other, { parentId: near.id });
    const ctx = await as(member);
    for (const permanent of [false, true])
      await expect(deleteTask(ctx, { id: parent.id, permanent })).rejects.toMatchObject({ code: 'permission_denied' });
    for (const one of [parent, near, far]) expect(await getTask(owner(), { id: one.id })).toEqual(one);
    expect(await getTask(ctx, { id: near.id })).toMatchObject({ parentId: parent.id });
    await deleteTask(owner(), { id: parent.id, permanent: false });
    expect(await codeOf(restoreTask(ctx, { id: parent.id }))).toBe('permission_denied');
    expect(await codeOf(getTask(owner(), { id: far.id }))).toBe('task_not_found');
    await restoreTask(owner(), { id: parent.id });
    await updateTask(owner(), { id: far.id, teamId: mine });
    expect(await codeOf(deleteTask(ctx, { id: parent.id, permanent: false }))).toBe('passed');
  });

  it('never reach what is everybody’s, beyond reading it', async () => {
    const id = await team();
    const member = await acme.addMember();
    await give(member, acme.roleIds.admin, inTeam(id));
    const ctx = await as(member);
    const tag = await createTag(owner(), { name: `common ${dialect}`, color: '#112233' });
    const person = { organizationId: acme.id, userId: member.userId };
    const attempts = await Promise.allSettled([
      setMemberRoles(ctx, { ...person, roleIds: [acme.roleIds.admin] }),
      addMember(ctx, { organizationId: acme.id, email: 'scoped@example.com', roleIds: [acme.roleIds.viewer] }),
      createRoleAssignment(
        ctx,
        RoleAssignmentCreate.parse({ userId: member.userId, roleId: acme.roleIds.admin, scope: inTeam(id) }),
      ),
      createRole(ctx, RoleCreate.parse({ name: 'Beyond' })),
      createTeam(ctx, { name: 'Beyond' }),
      updateTeam(ctx, { id, name: 'Beyond' }),
      createTag(ctx, { name: 'beyond', color: '#112233' }),
      updateTag(ctx, { id: tag.id, name: 'beyond' }),
      deleteTag(ctx, { id: tag.id }),
    ]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({
        status: 'rejected',
        reason: { code: 'permission_denied', details: { constraint: { kind: 'scope' } } },
      });
    expect((await listMembers(ctx, MemberListInput.parse({ organizationId: acme.id }))).data).not.toEqual([]);
    expect((await listTags(ctx, TagListInput.parse({}))).data).not.toEqual([]);
    expect((await listRoles(ctx, RoleListInput.parse({}))).data).not.toEqual([]);
  });
});
