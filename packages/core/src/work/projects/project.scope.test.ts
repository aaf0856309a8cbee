import { beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createRole,
  createRoleAssignment,
  deleteRoleAssignment,
  explainAccess,
  getRoleAssignment,
  listRoleAssignments,
  RoleAssignmentListInput,
  RoleCreate,
} from '../../tenancy/index.ts';
import { acting, dialects, type TestMember } from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import { openSuite } from '../../testing/suite.ts';
import {
  addProjectMember,
  createProject,
  createTask,
  deleteProject,
  getProject,
  getTask,
  listProjects,
  listTasks,
  ProjectListInput,
  restoreProject,
  TaskListInput,
  updateProject,
  updateTask,
} from '../index.ts';

describe.each(dialects)('a role in a project on %s', (dialect) => {
  const suite = openSuite(dialect);
  let person: TestMember;
  let assignmentId: string;
  let projectId: string;
  let otherId: string;
  let taskId: string;
  let elsewhereId: string;
  let roleId: string;

  let count = 0;
  const owner = () => suite.owner.ctx();
  const they = () => acting(suite.platform, person.userId, suite.acme.id);
  const project = async () => (await createProject(owner(), { key: `S${++count}`, name: 'Hall' })).id;
  const assign = (id: string, userId = person.userId) =>
    createRoleAssignment(owner(), { userId, roleId, scope: { kind: 'project', id }, validTo: null });

  beforeAll(async () => {
    person = await suite.acme.addMember();
    [projectId, otherId] = [await project(), await project()];
    taskId = (await createTask(owner(), { title: 'Inside', projectId })).id;
    elsewhereId = (await createTask(owner(), { title: 'Elsewhere', projectId: otherId })).id;
    await createTask(owner(), { title: 'Apart' });
    const permissions = ['task:read', 'task:create', 'task:update', 'project:read', 'project:update', 'role:read'];
    roleId = (await createRole(owner(), RoleCreate.parse({ name: 'Site', permissions }))).id;
    assignmentId = (await assign(projectId)).id;
  });

  it('shows the tasks of the project and nothing of the others', async () => {
    const seen = await listTasks(await they(), TaskListInput.parse({ total: true }));
    expect(seen).toMatchObject({ data: [{ id: taskId }], total: 1 });
    expect(await codeOf(getTask(await they(), { id: elsewhereId }))).toBe('task_not_found');
  });

  it('shows all open projects, and changes its own', async () => {
    const seen = await listProjects(await they(), ProjectListInput.parse({}));
    expect(seen.data.map(({ id }) => id).sort()).toEqual([projectId, otherId].sort());
    expect(await updateProject(await they(), { id: projectId, name: 'My hall' })).toMatchObject({ name: 'My hall' });
    expect(await codeOf(updateProject(await they(), { id: otherId, name: 'Mine too' }))).toBe('permission_denied');
  });

  it('creates tasks there, subtasks included, and moves none out', async () => {
    const ctx = await they();
    expect(await codeOf(createTask(ctx, { title: 'Task' }))).toBe('permission_denied');
    expect(await codeOf(createTask(ctx, { title: 'Task', projectId: otherId }))).toBe('permission_denied');
    const created = await createTask(ctx, { title: 'Task', projectId });
    expect(await createTask(ctx, { title: 'Subtask', parentId: created.id })).toMatchObject({ projectId });
    for (const to of [null, otherId])
      expect(await codeOf(updateTask(ctx, { id: created.id, projectId: to }))).toBe('permission_denied');
  });

  it('is listed by the project, and explained', async () => {
    const listed = await listRoleAssignments(owner(), RoleAssignmentListInput.parse({ project: [projectId] }));
    expect(listed.data).toMatchObject([{ id: assignmentId, scope: { kind: 'project', id: projectId } }]);
    const may = async (id: string) =>
      (await explainAccess(await they(), { permission: 'task:update', subject: { projectId: id } })).allowed;
    expect([await may(projectId), await may(otherId)]).toEqual([true, false]);
  });

  it('is explained as shut out by a private project, to those who see that alone', async () => {
    const { id } = await createProject(owner(), { key: `S${++count}`, name: 'Vault', visibility: 'private' });
    const [insider, admin] = [await suite.acme.addMember('manager'), await suite.acme.addMember('admin')];
    await addProjectMember(owner(), { projectId: id, userId: insider.userId });
    const ask = (by: TestMember, userId: string, project = id) =>
      explainAccess(by.ctx(), { permission: 'task:update', subject: { projectId: project }, userId });
    const outsider = await suite.acme.addMember('manager');
    expect(await ask(admin, outsider.userId)).toMatchObject({ allowed: false, constraint: { kind: 'closed' } });
    for (const { userId } of [insider, admin, suite.owner])
      expect(await ask(admin, userId)).toMatchObject({ allowed: true });
    expect(await ask(insider, insider.userId)).toMatchObject({ allowed: true });
    const missing = { code: 'project_not_found', details: { field: ['subject', 'projectId'] } };
    for (const project of [id, uuidv7()])
      await expect(ask(outsider, outsider.userId, project)).rejects.toMatchObject(missing);
  });

  it('needs a project, and is given once', async () => {
    const missing = { code: 'project_not_found', details: { field: ['scope', 'id'] } };
    await expect(assign(taskId)).rejects.toMatchObject(missing);
    expect(await codeOf(assign(projectId))).toBe('role_assigned_already');
  });

  it('is given by nobody whose own roles are only in another project', async () => {
    const admin = await suite.acme.addMember();
    const permissions = ['member:update', 'role:read', 'task:read', 'task:create', 'task:update'];
    const adminRole = await createRole(
      owner(),
      RoleCreate.parse({ name: 'Half', permissions: [...permissions, 'project:read', 'project:update'] }),
    );
    await createRoleAssignment(owner(), {
      userId: admin.userId,
      roleId: (await createRole(owner(), RoleCreate.parse({ name: 'Giver', permissions: ['member:update'] }))).id,
      scope: { kind: 'organization' },
      validTo: null,
    });
    const userId = admin.userId;
    await createRoleAssignment(owner(), {
      userId,
      roleId: adminRole.id,
      scope: { kind: 'project', id: projectId },
      validTo: null,
    });
    const give = async (id: string) =>
      createRoleAssignment(await acting(suite.platform, admin.userId, suite.acme.id), {
        userId: person.userId,
        roleId: adminRole.id,
        scope: { kind: 'project', id },
        validTo: null,
      });
    expect(await codeOf(give(otherId))).toBe('role_exceeds_own');
    expect(await codeOf(give(projectId))).toBe('passed');
  });

  it('stays while the project is in the trash, and goes with it', async () => {
    const id = await project();
    const { id: given } = await assign(id);
    await deleteProject(owner(), { id, permanent: false });
    await restoreProject(owner(), { id });
    expect(await codeOf(getRoleAssignment(owner(), { id: given }))).toBe('passed');
    await deleteProject(owner(), { id, permanent: true });
    expect(await codeOf(getRoleAssignment(owner(), { id: given }))).toBe('role_assignment_not_found');
  });

  it('ends when it is taken away', async () => {
    await deleteRoleAssignment(owner(), { id: assignmentId });
    const again = await suite.acme.addMember();
    const { id } = await assign(projectId, again.userId);
    expect(await codeOf(getTask(await acting(suite.platform, again.userId, suite.acme.id), { id: taskId }))).toBe(
      'passed',
    );
    await deleteRoleAssignment(owner(), { id });
    expect(await codeOf(getTask(await acting(suite.platform, again.userId, suite.acme.id), { id: taskId }))).toBe(
      'permission_denied',
    );
    expect(await codeOf(getProject(owner(), { id: projectId }))).toBe('passed');
  });
});
