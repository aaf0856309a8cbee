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
import { seedTree } from '../../testing/big-tree.ts';
import { codeOf } from '../../testing/people.ts';
import {
  bulkCreateTasks,
  bulkUpdateTasks,
  createProject,
  createTask,
  deleteTask,
  getTask,
  listTasks,
  moveTask,
  resolveKeys,
  restoreTask,
  TaskBulkCreate,
  TaskBulkUpdate,
  TaskListInput,
  updateProject,
  updateTask,
} from '../index.ts';

describe.each(dialects)('moving tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let manager: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    manager = await acme.addMember('manager');
  });
  afterAll(() => platform.dispose());

  const ctx = () => manager.ctx();
  let count = 0;
  const aProject = () => createProject(ctx(), { key: `M${++count}`, name: 'Hall' });
  const aTask = (projectId: string | null, title = 'Task') => createTask(ctx(), { title, projectId });
  /** A project with some tasks, by the titles. */
  const board = async (...titles: string[]) => {
    const project = await aProject();
    const ids: Record<string, string> = {};
    for (const title of titles) ids[title] = (await aTask(project.id, title)).id;
    return { project, idOf: (title: string) => ids[title] ?? '' };
  };
  const order = async (projectId: string, sort = 'position') => {
    const titles: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await listTasks(ctx(), TaskListInput.parse({ project: [projectId], sort, limit: 7, cursor }));
      titles.push(...page.data.map(({ title }) => title));
      if (page.nextCursor === null) return titles.join('');
      cursor = page.nextCursor;
    }
  };

  it('puts them before, after and between others', async () => {
    const { project, idOf } = await board('A', 'B', 'C', 'D');
    expect(await order(project.id)).toBe('ABCD');
    const moved = await moveTask(ctx(), { id: idOf('D'), before: idOf('B') });
    expect(await order(project.id)).toBe('ADBC');
    expect(moved).toEqual(await getTask(ctx(), { id: moved.id }));
    await moveTask(ctx(), { id: idOf('A'), after: idOf('C') });
    expect(await order(project.id)).toBe('DBCA');
    await moveTask(ctx(), { id: idOf('A'), before: idOf('D') });
    expect(await order(project.id)).toBe('ADBC');
    await moveTask(ctx(), { id: idOf('A'), after: idOf('D'), before: idOf('B') });
    expect(await order(project.id)).toBe('DABC');
    expect(await order(project.id, '-position')).toBe('CBAD');
    await aTask(project.id, 'E');
    expect(await order(project.id)).toBe('DABCE');
  });

  it('changes the version once, and only of the moved task', async () => {
    const { idOf } = await board('A', 'B');
    const [a, b] = [await getTask(ctx(), { id: idOf('A') }), await getTask(ctx(), { id: idOf('B') })];
    const moved = await moveTask(ctx(), { id: a.id, after: b.id, status: 'done' });
    expect(moved).toMatchObject({ version: a.version + 1, status: 'done', completedAt: expect.any(String) });
    expect(await getTask(ctx(), { id: b.id })).toEqual(b);
  });

  it('takes subtasks along to another project and parent', async () => {
    const [{ idOf }, { project, idOf: there }] = [await board('A', 'B'), await board('X', 'Y')];
    const child = await createTask(ctx(), { title: 'Child', parentId: idOf('A') });
    const moved = await moveTask(ctx(), { id: idOf('A'), projectId: project.id, before: there('X') });
    expect(moved).toMatchObject({ projectId: project.id, key: `${project.key}-3` });
    expect(await order(project.id)).toBe('AXYChild');
    expect(await getTask(ctx(), { id: child.id })).toMatchObject({ projectId: project.id, key: `${project.key}-4` });
    expect(await moveTask(ctx(), { id: idOf('B'), parentId: there('Y') })).toMatchObject({
      projectId: project.id,
      parentId: there('Y'),
    });
    expect(await codeOf(moveTask(ctx(), { id: idOf('A'), parentId: child.id }))).toBe('parent_cycle');
    expect(await moveTask(ctx(), { id: idOf('A'), projectId: null })).toMatchObject({ position: null, key: null });
  });

  it('refuses neighbors of another project, of none, and itself', async () => {
    const [{ idOf }, { idOf: there }] = [await board('A', 'B', 'C'), await board('X')];
    const apart = await aTask(null);
    const refused = (code: string, field: string) => ({ code, details: { field: [field] } });
    for (const [field, neighbor] of [
      ['before', there('X')],
      ['after', apart.id],
      ['after', idOf('A')],
    ] as const)
      await expect(moveTask(ctx(), { id: idOf('A'), [field]: neighbor })).rejects.toMatchObject(
        refused('neighbor_in_other_project', field),
      );
    await expect(moveTask(ctx(), { id: apart.id, before: idOf('A') })).rejects.toMatchObject(
      refused('neighbor_in_other_project', 'before'),
    );
    await expect(moveTask(ctx(), { id: idOf('A'), after: uuidv7() })).rejects.toMatchObject(
      refused('task_not_found', 'after'),
    );
    await expect(moveTask(ctx(), { id: idOf('A'), after: idOf('C'), before: idOf('B') })).rejects.toMatchObject(
      refused('neighbors_out_of_order', 'before'),
    );
    const both = { id: idOf('A'), after: idOf('B'), before: there('X') };
    await expect(moveTask(ctx(), both)).rejects.toMatchObject(refused('neighbor_in_other_project', 'before'));
  });

  it('goes on working after 1,000 moves between the same two neighbors', async () => {
    const { project, idOf } = await board('A', 'Z');
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) ids.push((await aTask(project.id, `${index},`)).id);
    let longest = 0;
    for (let move = 0; move < 1000; move++) {
      const id = ids[move % ids.length] ?? '';
      const { position } = await moveTask(ctx(), { id, after: idOf('A') });
      longest = Math.max(longest, position?.length ?? 0);
    }
    expect(longest).toBeLessThanOrEqual(24);
    const expected = ids.map((_, index) => `${ids.length - 1 - index},`).join('');
    expect(await order(project.id)).toBe(`A${expected}Z`);
  }, 120_000);

  it('finds room where a task has come back from the trash to the place of another', async () => {
    const { project, idOf } = await board('A', 'B', 'C', 'D');
    const between = await moveTask(ctx(), { id: idOf('C'), after: idOf('A') });
    await deleteTask(ctx(), { id: idOf('C'), permanent: false });
    expect(await moveTask(ctx(), { id: idOf('D'), after: idOf('A') })).toMatchObject({ position: between.position });
    await restoreTask(ctx(), { id: idOf('C') });
    const e = await aTask(project.id, 'E');
    await moveTask(ctx(), { id: e.id, after: idOf('C'), before: idOf('D') });
    expect(await order(project.id)).toBe('ACEDB');
  });

  it('leaves everybody in some order when they move tasks at the same time', async () => {
    const { project, idOf } = await board('A', 'B', 'C', 'D', 'E');
    const moves = ['B', 'C', 'D', 'E'].map((title) => codeOf(moveTask(ctx(), { id: idOf(title), before: idOf('A') })));
    expect(new Set(await Promise.all(moves))).toEqual(new Set(['passed']));
    const found = await order(project.id);
    expect(found.split('').sort().join('')).toBe('ABCDE');
    expect(found.endsWith('A')).toBe(true);
  });

  it('takes subtasks along for many tasks in one call, unless the call names one of them too', async () => {
    const [{ idOf }, to] = [await board('A', 'B', 'C'), await aProject()];
    const child = await createTask(ctx(), { title: 'Child', parentId: idOf('A') });
    const change = (ids: string[], changes: object) =>
      bulkUpdateTasks(ctx(), TaskBulkUpdate.parse({ ids, changes, mode: 'perItem' }));
    const refused = await change([idOf('A'), child.id], { projectId: to.id });
    expect(refused.map(({ refusal }) => refusal?.code)).toEqual(['subtask_in_same_call', 'parent_in_other_project']);
    const moved = await change([idOf('B'), idOf('A')], { projectId: to.id });
    expect(moved.map(({ task }) => task?.key)).toEqual([`${to.key}-1`, `${to.key}-2`]);
    expect(await getTask(ctx(), { id: child.id })).toMatchObject({ projectId: to.id, key: `${to.key}-3` });
    const items = [
      { id: idOf('A'), projectId: null },
      { id: idOf('B'), parentId: child.id },
    ];
    const both = await bulkUpdateTasks(ctx(), TaskBulkUpdate.parse({ items, mode: 'perItem' }));
    expect(both.map(({ refusal }) => refusal?.code)).toEqual([undefined, 'parent_in_other_project']);
  });

  it('creates many tasks in projects by one call', async () => {
    const [one, other] = [await board('A'), await aProject()];
    const items = [
      { title: 'First', projectId: other.id },
      { title: 'Below', parentId: one.idOf('A') },
      { title: 'Second', projectId: other.id },
      { title: 'Lost', parentId: one.idOf('A'), projectId: other.id },
    ];
    const created = await bulkCreateTasks(ctx(), TaskBulkCreate.parse({ items, mode: 'perItem' }));
    expect(created.map(({ task, refusal }) => task?.key ?? refusal?.code)).toEqual([
      `${other.key}-1`,
      `${one.project.key}-2`,
      `${other.key}-2`,
      'parent_in_other_project',
    ]);
  });

  it('refuses to move 500 subtasks or more', async () => {
    const [from, to] = [await aProject(), await aProject()];
    const id = await seedTree(platform, acme, { size: 500, projectId: from.id });
    expect(await codeOf(moveTask(acme.owner.ctx(), { id, projectId: to.id }))).toBe('too_many_subtasks');
    const some = await seedTree(platform, acme, { size: 499, projectId: (await aProject()).id });
    expect(await moveTask(acme.owner.ctx(), { id: some, projectId: to.id })).toMatchObject({ key: `${to.key}-1` });
  });

  describe('and their keys', () => {
    const find = async (key: string, by: TestMember = manager) =>
      (await resolveKeys(by.ctx(), [{ kind: 'task', key }])).get(key);

    it('lead to them after they moved, and after the project got another key', async () => {
      const [{ project, idOf }, other] = [await board('A', 'B'), await aProject()];
      await updateTask(ctx(), { id: idOf('A'), projectId: other.id });
      await updateTask(ctx(), { id: idOf('A'), projectId: null });
      const renamed = await updateProject(ctx(), { id: project.id, key: `M${++count}` });
      for (const key of [`${project.key}-1`, `${renamed.key}-1`, `${other.key}-1`])
        expect(await find(key)).toBe(idOf('A'));
      for (const key of [`${project.key}-2`, `${renamed.key}-2`]) expect(await find(key)).toBe(idOf('B'));
      for (const key of [`${project.key}-3`, 'NONE-1']) expect(await find(key)).toBeUndefined();
      expect((await getTask(ctx(), { id: idOf('B') })).key).toBe(`${renamed.key}-2`);
    });

    it('lead nobody to what they do not see, nor to another organization', async () => {
      const { project, idOf } = await board('A');
      const key = `${project.key}-1`;
      const developer = await acme.addMember('developer');
      const stranger = await createOrganization(platform, 'Other');
      expect([await find(key), await find(key, developer), await find(key, stranger.owner)]).toEqual([
        idOf('A'),
        undefined,
        undefined,
      ]);
    });
  });
});
