import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  addTeamMember,
  createDepartment,
  createTeam,
  deleteTeam,
  getTeam,
  moveDepartment,
} from '../../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import { createTask, deleteTask, getTask, listTasks, TaskListInput, updateTask } from '../index.ts';
import { listTaskActivity } from './task.activity.ts';
import { restoreTask } from './task.trash.ts';

describe.each(dialects)('tasks of teams on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const owner = () => acme.owner.ctx();
  let count = 0;
  const team = async (departmentId: string | null = null) =>
    (await createTeam(owner(), { name: `Team ${++count}`, departmentId })).id;
  const department = async (parentId: string | null = null) =>
    (await createDepartment(owner(), { name: `Department ${++count}`, parentId })).id;
  const task = (teamId: string | null, more: { parentId?: string } = {}) =>
    createTask(owner(), { title: 'Count the crates', teamId, ...more });
  const found = async (input: Record<string, unknown>) =>
    (await listTasks(owner(), TaskListInput.parse({ sort: 'number', ...input }))).data.map(({ id }) => id);

  it('have one, or none, of this organization', async () => {
    const other = await createOrganization(platform, 'Other');
    const theirs = await createTeam(other.owner.ctx(), { name: 'Theirs' });
    const created = await task(await team());
    expect(await getTask(owner(), { id: created.id })).toEqual(created);
    for (const teamId of [theirs.id, uuidv7()]) {
      const missing = { code: 'team_not_found', details: { field: ['teamId'] } };
      await expect(task(teamId)).rejects.toMatchObject(missing);
      await expect(updateTask(owner(), { id: created.id, teamId })).rejects.toMatchObject(missing);
      expect(await found({ team: [teamId] })).toEqual([]);
    }
    expect(await getTask(owner(), { id: created.id })).toEqual(created);
  });

  it('change it by a version of their own, and their subtasks do not follow', async () => {
    const [first, second] = [await team(), await team()];
    const parent = await task(first);
    const child = await task(first, { parentId: parent.id });

    expect(await updateTask(owner(), { id: parent.id, teamId: second })).toMatchObject({ teamId: second, version: 2 });

    expect(await getTask(owner(), { id: child.id })).toEqual(child);
    expect(await updateTask(owner(), { id: parent.id, teamId: second })).toMatchObject({ version: 2 });
    expect(await updateTask(owner(), { id: parent.id, teamId: null })).toMatchObject({ teamId: null, version: 3 });
    const { data } = await listTaskActivity(owner(), { id: parent.id, limit: 10, total: false });
    expect(data.map(({ changes }) => changes['teamId'])).toEqual([
      { from: second, to: null },
      { from: first, to: second },
      { from: null, to: first },
    ]);
  });

  it('are listed by team, none, and department with all below it', async () => {
    const top = await department();
    const below = await department(top);
    const [above, inside, free] = [await team(top), await team(below), await team()];
    const [a, b, c, none] = [await task(above), await task(inside), await task(free), await task(null)].map(
      ({ id }) => id,
    );
    expect(await found({ team: [above] })).toEqual([a]);
    expect(await found({ team: [inside, free] })).toEqual([b, c]);
    expect(await found({ team: ['none'] })).toContain(none);
    expect(await found({ team: ['none'] })).not.toContain(a);
    const both = await found({ team: ['none', free] });
    expect(both).toEqual(expect.arrayContaining([c, none]));
    expect(both).not.toContain(b);
    expect(await found({ department: [top] })).toEqual([a, b]);
    expect(await found({ department: [below] })).toEqual([b]);
    expect(await found({ department: [top, below], team: [inside] })).toEqual([b]);
    expect(await found({ department: [uuidv7()] })).toEqual([]);
    const { total } = await listTasks(owner(), TaskListInput.parse({ department: [top], total: true, limit: 1 }));
    expect(total).toBe(2);
    await moveDepartment(owner(), { id: below, parentId: null });
    expect(await found({ department: [top] })).toEqual([a]);
  });

  it('are read page by page in the default order', async () => {
    const teamId = await team();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.unshift((await task(teamId)).id);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const input = TaskListInput.parse({ team: [teamId], limit: 2, ...(cursor ? { cursor } : {}) });
      const page = await listTasks(owner(), input);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(ids);
  });

  describe('deleting a team', () => {
    it('takes an admin, who sees it, and its version', async () => {
      const other = await createOrganization(platform, 'Stranger');
      const [admin, manager] = [await acme.addMember('admin'), await acme.addMember('manager')];
      const id = await team();
      await addTeamMember(owner(), { id, userId: manager.userId });
      expect(await codeOf(deleteTeam(manager.ctx(), { id }))).toBe('permission_denied');
      expect(await codeOf(deleteTeam(other.owner.ctx(), { id }))).toBe('team_not_found');
      expect(await codeOf(deleteTeam(acme.owner.ctx({ ifMatch: 7 }), { id }))).toBe('version_conflict');
      expect(await codeOf(deleteTeam(admin.ctx(), { id }))).toBe('passed');
      expect(await codeOf(getTeam(owner(), { id }))).toBe('team_not_found');
      const events = await readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('events').select('type').where('entity_id', '=', id).orderBy('id').execute(),
      );
      expect(events.at(-1)).toEqual({ type: 'team.deleted' });
    });

    it('is refused while it has tasks', async () => {
      const id = await team();
      const { id: taskId } = await task(id);
      await expect(deleteTeam(owner(), { id })).rejects.toMatchObject({
        code: 'team_in_use',
        message: 'Tasks still belong to this team: give them to another team, or to none.',
      });
      expect(await getTask(owner(), { id: taskId })).toMatchObject({ teamId: id, version: 1 });
      await updateTask(owner(), { id: taskId, teamId: null });
      expect(await codeOf(deleteTeam(owner(), { id }))).toBe('passed');
    });

    it('takes it from the tasks in the trash, which can be restored without it', async () => {
      const id = await team();
      const [first, second] = [await task(id), await task(id)];
      await deleteTask(owner(), { id: first.id, permanent: false });
      expect(await codeOf(deleteTeam(owner(), { id }))).toBe('team_in_use');
      const trash = await listTasks(owner(), TaskListInput.parse({ team: [id], deleted: true }));
      expect(trash.data).toMatchObject([{ id: first.id, version: 2 }]);
      await deleteTask(owner(), { id: second.id, permanent: true });

      await deleteTeam(owner(), { id });

      expect(await restoreTask(owner(), { id: first.id })).toMatchObject({ teamId: null, version: 4 });
      const { data } = await listTaskActivity(owner(), { id: first.id, limit: 10, total: false });
      expect(data[1]).toMatchObject({
        type: 'task.updated',
        actor: { id: acme.owner.userId },
        changes: { teamId: { from: id, to: null } },
        data: { version: 3 },
      });
    });

    it('while a task is given to it leaves no task without its team', async () => {
      for (let round = 0; round < 5; round++) {
        const id = await team();
        const { id: taskId } = await task(null);
        const codes = await Promise.all([
          codeOf(task(id)),
          codeOf(updateTask(owner(), { id: taskId, teamId: id })),
          codeOf(deleteTeam(owner(), { id })),
        ]);
        const given = codes.slice(0, 2).filter((code) => code === 'passed').length;
        expect(codes).toEqual(
          given > 0 ? ['passed', 'passed', 'team_in_use'] : ['team_not_found', 'team_not_found', 'passed'],
        );
        expect(await found({ team: [id] })).toHaveLength(given);
      }
    });
  });
});
