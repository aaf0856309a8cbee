import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../kernel/ids.ts';
import { removeMember } from '../../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import {
  addProjectMember,
  archiveProject,
  createProject,
  createTask,
  deleteTask,
  getProject,
  getTask,
  listProjectMembers,
  listProjects,
  ProjectListInput,
  ProjectMemberListInput,
  removeProjectMember,
  unarchiveProject,
  updateProject,
  updateTask,
} from '../index.ts';

describe.each(dialects)('projects on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let manager: TestMember;
  let member: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    manager = await acme.addMember('manager');
    member = await acme.addMember('member');
  });
  afterAll(() => platform.dispose());

  let count = 0;
  const aKey = () => `K${++count}`;
  const project = (more: Partial<Parameters<typeof createProject>[1]> = {}, by = manager) =>
    createProject(by.ctx(), { key: aKey(), name: `Hall ${count}`, ...more });
  const listed = async (input: Record<string, unknown>, by: TestMember = manager) =>
    (await listProjects(by.ctx(), ProjectListInput.parse({ limit: 100, ...input }))).data;
  const membersOf = async (id: string) =>
    (await listProjectMembers(acme.owner.ctx(), ProjectMemberListInput.parse({ projectId: id }))).data
      .map(({ user }) => user.id)
      .sort();

  it('begin as planned, with their creator and their lead as members', async () => {
    const { userId } = member;
    const created = await project({ leadId: userId, description: 'All of it.' });
    expect(created).toMatchObject({
      status: 'planned',
      visibility: 'organization',
      lead: { id: userId },
      archivedAt: null,
    });
    expect(created.createdBy.id).toBe(manager.userId);
    expect(await getProject(member.ctx(), { id: created.id })).toEqual(created);
    expect(await membersOf(created.id)).toEqual([manager.userId, userId].sort());
  });

  it('have a lead who is a member of the organization', async () => {
    const stranger = await createOrganization(platform, 'Other');
    for (const leadId of [stranger.owner.userId, uuidv7()])
      expect(await codeOf(project({ leadId }))).toBe('member_not_found');
    const { id } = await project();
    expect(await codeOf(updateProject(manager.ctx(), { id, leadId: uuidv7() }))).toBe('member_not_found');
    await updateProject(manager.ctx(), { id, leadId: member.userId });
    expect(await membersOf(id)).toContain(member.userId);
  });

  it('keep every key that they had', async () => {
    const [first, second] = [await project(), await project()];
    const renamed = await updateProject(manager.ctx(), { id: first.id, key: aKey() });
    expect(renamed.version).toBe(first.version + 1);
    for (const key of [first.key, renamed.key])
      for (const take of [() => project({ key }), () => updateProject(manager.ctx(), { id: second.id, key })])
        await expect(take()).rejects.toMatchObject({ code: 'project_key_taken', details: { field: ['key'] } });
    expect(await updateProject(manager.ctx(), { id: first.id, key: first.key })).toMatchObject({ key: first.key });
  });

  it('let one of two take a key at the same time', async () => {
    const key = aKey();
    const codes = await Promise.all([codeOf(project({ key })), codeOf(project({ key }))]);
    expect(codes.sort()).toEqual(['passed', 'project_key_taken']);
  });

  it('are listed by what they are', async () => {
    const [open, done] = [
      await project({ name: 'Café Nord', leadId: member.userId, status: 'active' }),
      await project({ name: 'Süd', status: 'completed' }),
    ];
    await archiveProject(manager.ctx(), { id: done.id });
    const ids = async (input: Record<string, unknown>) => {
      const found = (await listed(input)).map(({ id }) => id);
      return [open, done].flatMap(({ id }, index) => (found.includes(id) ? [index] : []));
    };
    expect(await ids({})).toEqual([0, 1]);
    expect(await ids({ status: ['active', 'paused'] })).toEqual([0]);
    expect(await ids({ archived: true })).toEqual([1]);
    expect(await ids({ archived: false })).toEqual([0]);
    expect(await ids({ lead: [member.userId] })).toEqual([0]);
    expect(await ids({ member: ['me'] })).toEqual([0, 1]);
    expect(await ids({ member: [member.userId] })).toEqual([0]);
    expect(await ids({ search: 'CAFÉ' })).toEqual([0]);
    expect(await ids({ search: done.key.toLowerCase() })).toEqual([1]);
    expect(await ids({ visibility: 'private' })).toEqual([]);
    for (const sort of ['createdAt', 'updatedAt', 'name', 'key', 'targetDate'])
      for (const order of [sort, `-${sort}`]) expect(await ids({ sort: order })).toEqual([0, 1]);
  });

  it('are archived and taken out again, once each', async () => {
    const { id, version } = await project();
    const archived = await archiveProject(manager.ctx(), { id });
    expect(archived).toMatchObject({ archivedAt: expect.any(String), version: version + 1 });
    expect(await archiveProject(manager.ctx(), { id })).toEqual(archived);
    expect(await unarchiveProject(manager.ctx(), { id })).toMatchObject({ archivedAt: null, version: version + 2 });
  });

  it('count the tasks that the caller sees', async () => {
    const { id } = await project();
    const developer = await acme.addMember('developer');
    await createTask(manager.ctx(), { title: 'One', projectId: id, status: 'done' });
    await createTask(manager.ctx(), { title: 'Two', projectId: id, assigneeIds: [developer.userId] });
    const gone = await createTask(manager.ctx(), { title: 'Three', projectId: id });
    await deleteTask(manager.ctx(), { id: gone.id, permanent: false });
    const counts = async (by: TestMember) => (await getProject(by.ctx(), { id, include: ['taskCounts'] })).taskCounts;
    expect(await counts(manager)).toEqual({ total: 2, done: 1 });
    expect(await counts(developer)).toEqual({ total: 1, done: 0 });
    expect((await listed({ include: ['taskCounts'] })).find((one) => one.id === id)?.taskCounts).toEqual({
      total: 2,
      done: 1,
    });
    expect((await getProject(manager.ctx(), { id })).taskCounts).toBeUndefined();
  });

  it('take members once, and only of this organization', async () => {
    const { id, version } = await project();
    const path = { projectId: id, userId: member.userId };
    const added = await addProjectMember(manager.ctx(), path);
    expect(added).toMatchObject({ user: { id: member.userId }, addedBy: { id: manager.userId } });
    expect(await addProjectMember(acme.owner.ctx(), path)).toEqual(added);
    expect(await codeOf(addProjectMember(manager.ctx(), { projectId: id, userId: uuidv7() }))).toBe('member_not_found');
    expect((await getProject(manager.ctx(), { id })).version).toBe(version);
    expect(await codeOf(removeProjectMember(manager.ctx(), { projectId: id, userId: uuidv7() }))).toBe(
      'member_not_found',
    );
    expect(await codeOf(removeProjectMember(manager.ctx(), { projectId: uuidv7(), userId: member.userId }))).toBe(
      'project_not_found',
    );
  });

  it('unassign who is removed, living tasks and trashed ones, and lose them as a lead', async () => {
    const [{ id }, elsewhere] = [await project({ leadId: member.userId }), await project()];
    const assigneeIds = [member.userId, manager.userId];
    const inside = await createTask(manager.ctx(), { title: 'Inside', projectId: id, assigneeIds });
    const outside = await createTask(manager.ctx(), { title: 'Outside', projectId: elsewhere.id, assigneeIds });
    await removeProjectMember(manager.ctx(), { projectId: id, userId: member.userId });
    expect(await getTask(manager.ctx(), { id: inside.id })).toMatchObject({
      assignees: [{ id: manager.userId }],
      version: inside.version + 1,
    });
    expect(await getTask(manager.ctx(), { id: outside.id })).toEqual(outside);
    expect((await getProject(manager.ctx(), { id })).lead).toBeNull();
    expect(await membersOf(id)).toEqual([manager.userId]);
  });

  it('lose members who leave the organization', async () => {
    const leaver = await acme.addMember('member');
    const { id } = await project({ leadId: leaver.userId });
    await removeMember(acme.owner.ctx(), { organizationId: acme.id, userId: leaver.userId });
    expect(await membersOf(id)).toEqual([manager.userId]);
    expect((await getProject(manager.ctx(), { id })).lead).toBeNull();
  });

  it('are changed by those who may', async () => {
    const { id } = await project();
    for (const refused of [
      () => project({}, member),
      () => updateProject(member.ctx(), { id, name: 'Mine' }),
      () => archiveProject(member.ctx(), { id }),
      () => addProjectMember(member.ctx(), { projectId: id, userId: member.userId }),
      () => removeProjectMember(member.ctx(), { projectId: id, userId: manager.userId }),
    ])
      expect(await codeOf(refused())).toBe('permission_denied');
  });

  describe('with tasks', () => {
    it('number them, and give them a key and a place at the end', async () => {
      const one = await project();
      const first = await createTask(manager.ctx(), { title: 'First', projectId: one.id });
      const second = await createTask(manager.ctx(), { title: 'Second', projectId: one.id });
      expect(first).toMatchObject({ projectId: one.id, key: `${one.key}-1` });
      expect(second.key).toBe(`${one.key}-2`);
      expect(String(first.position) < String(second.position)).toBe(true);
      expect(await getTask(member.ctx(), { id: first.id })).toEqual({ ...first, watching: false });
      expect(await createTask(manager.ctx(), { title: 'Apart' })).toMatchObject({
        projectId: null,
        key: null,
        position: null,
      });
    });

    it('have subtasks in the same project', async () => {
      const [one, other] = [await project(), await project()];
      const parent = await createTask(manager.ctx(), { title: 'Parent', projectId: one.id });
      const child = await createTask(manager.ctx(), { title: 'Child', parentId: parent.id });
      expect(child.projectId).toBe(one.id);
      const elsewhere = { code: 'parent_in_other_project', details: { field: ['projectId'] } };
      for (const projectId of [other.id, null]) {
        const created = createTask(manager.ctx(), { title: 'Lost', parentId: parent.id, projectId });
        await expect(created).rejects.toMatchObject(elsewhere);
        await expect(updateTask(manager.ctx(), { id: child.id, projectId })).rejects.toMatchObject(elsewhere);
      }
      const apart = await createTask(manager.ctx(), { title: 'Apart' });
      expect(await updateTask(manager.ctx(), { id: apart.id, parentId: parent.id })).toMatchObject({
        projectId: one.id,
        key: `${one.key}-3`,
      });
      expect(await updateTask(manager.ctx(), { id: child.id, projectId: other.id, parentId: null })).toMatchObject({
        projectId: other.id,
        key: `${other.key}-1`,
      });
    });

    it('give a new key to a task that comes, with its subtasks, in the order of their numbers', async () => {
      const [one, other] = [await project(), await project()];
      await createTask(manager.ctx(), { title: 'There', projectId: other.id });
      const parent = await createTask(manager.ctx(), { title: 'Parent', projectId: one.id });
      const child = await createTask(manager.ctx(), { title: 'Child', parentId: parent.id });
      const trashed = await createTask(manager.ctx(), { title: 'Trashed', parentId: parent.id });
      await deleteTask(manager.ctx(), { id: trashed.id, permanent: false });
      const moved = await updateTask(manager.ctx(), { id: parent.id, projectId: other.id });
      expect(moved).toMatchObject({ key: `${other.key}-2`, version: parent.version + 1 });
      expect(await getTask(manager.ctx(), { id: child.id })).toMatchObject({
        key: `${other.key}-3`,
        version: child.version + 1,
      });
      expect(await updateTask(manager.ctx(), { id: parent.id, projectId: other.id })).toEqual(moved);
      expect(await updateTask(manager.ctx(), { id: parent.id, projectId: null })).toMatchObject({
        key: null,
        position: null,
      });
      expect(await updateTask(manager.ctx(), { id: parent.id, projectId: other.id })).toMatchObject({
        key: `${other.key}-5`,
      });
    });

    it('refuse a project that does not exist', async () => {
      const task = await createTask(manager.ctx(), { title: 'Task' });
      const missing = { code: 'project_not_found', details: { field: ['projectId'] } };
      const projectId = uuidv7();
      await expect(createTask(manager.ctx(), { title: 'Lost', projectId })).rejects.toMatchObject(missing);
      await expect(updateTask(manager.ctx(), { id: task.id, projectId })).rejects.toMatchObject(missing);
    });
  });
});
