import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization, createTestPlatform, dialects, type TestPlatform } from '../../testing/index.ts';
import {
  createComment,
  createProject,
  createTask,
  deleteComment,
  deleteTask,
  getTask,
  listTasks,
  ProjectCreate,
  TaskListInput,
} from '../index.ts';

describe.each(dialects)('the progress of a task on %s', (dialect) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it('counts the subtasks that the caller sees, and is shown only when it is asked for', async () => {
    const acme = await createOrganization(platform);
    const developer = await acme.addMember('developer');
    const assigned = { assigneeIds: [developer.userId] };
    const { id } = await createTask(acme.owner.ctx(), { title: 'Parent', ...assigned });
    const child = (fields: object) => createTask(acme.owner.ctx(), { title: 'Child', parentId: id, ...fields });
    const mine = await child({ status: 'done', ...assigned });
    await child({ status: 'archived' });
    await child({ status: 'done' });
    await createTask(acme.owner.ctx(), { title: 'Grandchild', parentId: mine.id, status: 'done' });
    await deleteTask(acme.owner.ctx(), { id: (await child({ status: 'done' })).id, permanent: false });

    const include = ['progress' as const];
    expect(await getTask(acme.owner.ctx(), { id, include })).toMatchObject({ progress: { total: 3, done: 2 } });
    expect(await getTask(developer.ctx(), { id, include })).toMatchObject({ progress: { total: 1, done: 1 } });
    expect(await getTask(acme.owner.ctx(), { id })).not.toHaveProperty('progress');
    const { data } = await listTasks(acme.owner.ctx(), TaskListInput.parse({ include, sort: 'createdAt', limit: 3 }));
    expect(data.map(({ progress }) => progress)).toEqual([
      { total: 3, done: 2 },
      { total: 1, done: 1 },
      { total: 0, done: 0 },
    ]);
    expect((await listTasks(acme.owner.ctx(), TaskListInput.parse({}))).data[0]).not.toHaveProperty('progress');
  });

  it('stands beside the project and the parent, as far as the caller sees them', async () => {
    const acme = await createOrganization(platform);
    const developer = await acme.addMember('developer');
    const { id: projectId } = await createProject(
      acme.owner.ctx(),
      ProjectCreate.parse({ key: 'YARD', name: 'The yard' }),
    );
    const parent = await createTask(acme.owner.ctx(), { title: 'Parent', projectId });
    const child = { title: 'Child', parentId: parent.id, projectId, assigneeIds: [developer.userId] };
    const { id } = await createTask(acme.owner.ctx(), child);
    const include = ['project', 'parent', 'progress'] as const;
    const project = { id: projectId, key: 'YARD', name: 'The yard' };
    expect(await getTask(acme.owner.ctx(), { id, include: [...include] })).toMatchObject({
      project,
      parent: { id: parent.id, number: parent.number, key: 'YARD-1', title: 'Parent' },
      progress: { total: 0, done: 0 },
    });
    // A developer sees only what is assigned to them.
    expect(await getTask(developer.ctx(), { id, include: [...include] })).toMatchObject({ project, parent: null });
    const { data } = await listTasks(acme.owner.ctx(), TaskListInput.parse({ include: ['parent'], sort: 'createdAt' }));
    expect(data.map((task) => task.parent?.title)).toEqual([undefined, 'Parent']);
    expect(data[0]).toMatchObject({ parent: null });
    expect(data[0]).not.toHaveProperty('project');
  });

  it('is shown with the number of comments that are not hidden', async () => {
    const acme = await createOrganization(platform);
    const { id } = await createTask(acme.owner.ctx(), { title: 'Discussed' });
    const other = await createTask(acme.owner.ctx(), { title: 'Not discussed' });
    const comment = (parentId?: string) =>
      createComment(acme.owner.ctx(), { taskId: id, body: 'A remark', ...(parentId !== undefined && { parentId }) });
    const [question, remark] = [await comment(), await comment()];
    await comment(question.id);
    const counted = async () => {
      const input = TaskListInput.parse({ include: ['progress', 'commentCount'], sort: 'createdAt' });
      const { data } = await listTasks(acme.owner.ctx(), input);
      return data.map(({ commentCount, progress }) => [commentCount, progress?.total]);
    };
    expect(await counted()).toEqual([
      [3, 0],
      [0, 0],
    ]);
    await deleteComment(acme.owner.ctx(), { taskId: id, commentId: remark.id });
    expect((await counted())[0]).toEqual([2, 0]);
    // The answer to a comment in the trash is hidden.
    await deleteComment(acme.owner.ctx(), { taskId: id, commentId: question.id });
    expect((await counted())[0]).toEqual([0, 0]);
    const include = ['commentCount' as const];
    expect(await getTask(acme.owner.ctx(), { id: other.id, include })).toMatchObject({ commentCount: 0 });
    expect(await getTask(acme.owner.ctx(), { id })).not.toHaveProperty('commentCount');
  });
});
