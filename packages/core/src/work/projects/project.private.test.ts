import { beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createRole,
  createRoleAssignment,
  createTeam,
  listRoleAssignments,
  RoleAssignmentListInput,
  RoleCreate,
} from '../../tenancy/index.ts';
import { acting, dialects, type TestMember } from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import {
  addProjectMember,
  createComment,
  createProject,
  createTask,
  getProject,
  getTask,
  listComments,
  listProjects,
  listTaskActivity,
  listTasks,
  ProjectListInput,
  reassignTasks,
  removeProjectMember,
  resolveKeys,
  TaskListInput,
  updateProject,
  updateTask,
} from '../index.ts';
import { CommentListInput } from '../comments/comment.schema.ts';
import { TaskActivityInput } from '../tasks/task.activity.ts';

describe.each(dialects)('private projects on %s', (dialect) => {
  const suite = openSuite(dialect);
  let manager: TestMember;
  let insider: TestMember;
  let stranger: TestMember;
  let auditor: TestMember;
  let projectId: string;
  let taskId: string;

  let count = 0;
  const aKey = () => `P${++count}`;

  beforeAll(async () => {
    manager = await suite.acme.addMember('manager');
    insider = await suite.acme.addMember('member');
    stranger = await suite.acme.addMember('manager');
    auditor = await suite.acme.addMember('auditor');
    const project = { key: aKey(), name: 'Secret hall', visibility: 'private' as const };
    projectId = (await createProject(manager.ctx(), project)).id;
    await addProjectMember(manager.ctx(), { projectId, userId: insider.userId });
    taskId = (await createTask(manager.ctx(), { title: 'Secret shelves', projectId })).id;
    await createComment(manager.ctx(), { taskId, body: 'Quiet.' });
  });

  /** What somebody sees of the project, by every door. */
  async function seenBy(person: TestMember, ctx = person.ctx()) {
    const tasks = async (input: Record<string, unknown>) => {
      const page = await listTasks(ctx, TaskListInput.parse({ total: true, limit: 100, ...input }));
      expect(page.total).toBe(page.data.length);
      return page.data.some(({ id }) => id === taskId);
    };
    return {
      project: await codeOf(getProject(ctx, { id: projectId })),
      projects: (await listProjects(ctx, ProjectListInput.parse({ limit: 100 }))).data.some(
        ({ id }) => id === projectId,
      ),
      task: await codeOf(getTask(ctx, { id: taskId })),
      tasks: await tasks({}),
      inProject: await tasks({ project: [projectId] }),
      inOrder: await tasks({ project: [projectId], sort: 'position' }),
      found: await tasks({ search: 'secret' }),
      comments: await codeOf(listComments(ctx, CommentListInput.parse({ taskId }))),
      activity: await codeOf(listTaskActivity(ctx, TaskActivityInput.parse({ id: taskId }))),
      key: (
        await resolveKeys(ctx, [
          { kind: 'project', key: 'P1' },
          { kind: 'task', key: 'P1-1' },
        ])
      ).size,
      changed: await codeOf(updateTask(ctx, { id: taskId, status: 'todo' })),
    };
  }

  const everything = {
    project: 'passed',
    projects: true,
    task: 'passed',
    tasks: true,
    inProject: true,
    inOrder: true,
    found: true,
    comments: 'passed',
    activity: 'passed',
    key: 2,
    changed: 'passed',
  };
  const nothing = {
    project: 'project_not_found',
    projects: false,
    task: 'task_not_found',
    tasks: false,
    inProject: false,
    inOrder: false,
    found: false,
    comments: 'task_not_found',
    activity: 'task_not_found',
    key: 0,
    changed: 'task_not_found',
  };

  it('are seen by their members, and by those who may read all of them', async () => {
    expect(await seenBy(manager)).toEqual(everything);
    expect(await seenBy(insider)).toEqual(everything);
    expect(await seenBy(suite.owner)).toEqual(everything);
    expect(await seenBy(auditor)).toEqual({ ...everything, changed: 'permission_denied' });
    expect(await seenBy(stranger)).toEqual(nothing);
  });

  const aRole = async (...permissions: Permission[]) =>
    (await createRole(suite.owner.ctx(), RoleCreate.parse({ key: `role_${++count}`, name: 'Role', permissions }))).id;

  it('are not opened by a role in them, nor by one in a team', async () => {
    const { id: teamId } = await createTeam(suite.owner.ctx(), { name: 'Night' });
    await updateTask(suite.owner.ctx(), { id: taskId, teamId });
    const roleId = await aRole(
      'task:read',
      'task:update',
      'project:read',
      'project:read_private',
      'comment:read',
      'activity:read',
    );
    const narrow = await suite.acme.addMember();
    for (const scope of [
      { kind: 'project', id: projectId },
      { kind: 'team', id: teamId },
    ] as const)
      await createRoleAssignment(suite.owner.ctx(), { userId: narrow.userId, roleId, scope, validTo: null });
    expect(await seenBy(narrow, await acting(suite.platform, narrow.userId, suite.acme.id))).toEqual(nothing);
    await addProjectMember(manager.ctx(), { projectId, userId: narrow.userId });
    expect(await seenBy(narrow, await acting(suite.platform, narrow.userId, suite.acme.id))).toEqual(everything);
    await removeProjectMember(manager.ctx(), { projectId, userId: narrow.userId });
    expect(await seenBy(narrow, await acting(suite.platform, narrow.userId, suite.acme.id))).toEqual(nothing);
  });

  it('do not show who has a role in them', async () => {
    const list = async (by: TestMember) =>
      (await listRoleAssignments(by.ctx(), RoleAssignmentListInput.parse({ limit: 100 }))).data.filter(
        ({ scope }) => scope.id === projectId,
      ).length;
    expect(await list(suite.owner)).toBe(1);
    expect(await list(stranger)).toBe(0);
  });

  it('have only assignees who see them', async () => {
    const refused = { code: 'assignee_not_in_project', details: { field: ['assigneeIds'] } };
    const assigneeIds = [stranger.userId];
    await expect(createTask(manager.ctx(), { title: 'Lost', projectId, assigneeIds })).rejects.toMatchObject(refused);
    await expect(updateTask(manager.ctx(), { id: taskId, assigneeIds })).rejects.toMatchObject(refused);
    for (const { userId } of [insider, auditor, suite.owner])
      expect(await updateTask(manager.ctx(), { id: taskId, assigneeIds: [userId] })).toMatchObject({
        assignees: [{ id: userId }],
      });
    await updateTask(manager.ctx(), { id: taskId, assigneeIds: [insider.userId] });
    const handover = { organizationId: suite.acme.id, userId: insider.userId, toUserId: stranger.userId };
    await expect(reassignTasks(suite.owner.ctx(), handover)).rejects.toMatchObject({
      ...refused,
      details: { field: ['toUserId'] },
    });
  });

  it('take a task only with assignees who see them, subtasks included', async () => {
    const open = (await createProject(manager.ctx(), { key: aKey(), name: 'Open hall' })).id;
    const parent = await createTask(manager.ctx(), { title: 'Parent', projectId: open });
    const child = await createTask(manager.ctx(), {
      title: 'Child',
      parentId: parent.id,
      assigneeIds: [stranger.userId],
    });
    const refused = { code: 'assignee_not_in_project', details: { field: ['projectId'] } };
    await expect(updateTask(manager.ctx(), { id: parent.id, projectId })).rejects.toMatchObject(refused);
    await updateTask(manager.ctx(), { id: child.id, assigneeIds: [] });
    await updateTask(manager.ctx(), { id: parent.id, projectId });
    expect(await codeOf(getTask(stranger.ctx(), { id: child.id }))).toBe('task_not_found');
    expect(await codeOf(createTask(stranger.ctx(), { title: 'Child', parentId: parent.id }))).toBe('parent_not_found');
    expect(await codeOf(createTask(stranger.ctx(), { title: 'Task', projectId }))).toBe('project_not_found');
  });

  it('become private with their creator, their lead, their assignees and whoever makes them private', async () => {
    const lead = await suite.acme.addMember('member');
    const assignee = await suite.acme.addMember('developer');
    const { id } = await createProject(manager.ctx(), { key: aKey(), name: 'Hall', leadId: lead.userId });
    await createTask(manager.ctx(), { title: 'Task', projectId: id, assigneeIds: [assignee.userId] });
    expect(await codeOf(getProject(insider.ctx(), { id }))).toBe('passed');
    expect(await updateProject(stranger.ctx(), { id, visibility: 'private' })).toMatchObject({ visibility: 'private' });
    const sees = (person: TestMember) => codeOf(getProject(person.ctx(), { id }));
    for (const person of [manager, lead, assignee, stranger, suite.owner]) expect(await sees(person)).toBe('passed');
    expect(await sees(insider)).toBe('project_not_found');
  });

  it('lose an assignee who is removed from them', async () => {
    const person = await suite.acme.addMember('member');
    await addProjectMember(manager.ctx(), { projectId, userId: person.userId });
    const task = await createTask(manager.ctx(), { title: 'Task', projectId, assigneeIds: [person.userId] });
    await removeProjectMember(manager.ctx(), { projectId, userId: person.userId });
    expect((await getTask(manager.ctx(), { id: task.id })).assignees).toEqual([]);
    expect(await codeOf(getTask(person.ctx(), { id: task.id }))).toBe('task_not_found');
  });

  it('hide the tasks that are moved into them, and show them again', async () => {
    const task = await createTask(manager.ctx(), { title: 'Task' });
    expect(await codeOf(getTask(stranger.ctx(), { id: task.id }))).toBe('passed');
    await updateTask(manager.ctx(), { id: task.id, projectId });
    expect(await codeOf(getTask(stranger.ctx(), { id: task.id }))).toBe('task_not_found');
    await updateTask(manager.ctx(), { id: task.id, projectId: null });
    expect(await codeOf(getTask(stranger.ctx(), { id: task.id }))).toBe('passed');
    expect(await codeOf(getTask(stranger.ctx(), { id: uuidv7() }))).toBe('task_not_found');
  });
});
