import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPlatform,
  createTask,
  listDepartments,
  listMembers,
  listProjects,
  listTags,
  listTaskActivity,
  listTasks,
  listTeams,
  login,
  MemberListInput,
  type Platform,
  ProjectListInput,
  type ServiceContext,
  Task,
  TaskListInput,
} from '@tenon/core';
import {
  asSuperuser,
  createTestDatabase,
  dialects,
  figureDifferences,
  figureTables,
  openDump,
  type TestDatabase,
} from '@tenon/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../settings.ts';
import { rare } from './fast.ts';
import { seed } from './seed.ts';

const shape = { tasks: 300, organizations: 1, members: 30, seed: 3, fast: true };
/** So few tasks have eleven of each rare value. */
const rareCount = 11;

describe.each(dialects)('a fast seed on %s', (dialect) => {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-seed-'));
  const said: string[] = [];
  let database: TestDatabase;
  let platform: Platform;
  let ctx: ServiceContext;

  const contextOf = async (email: string): Promise<ServiceContext> => {
    const signedIn = await login(
      platform.context({ principal: null }),
      { login: email, password: said.at(-1)?.split(': ')[1] ?? '', tokenTransport: 'body' },
      { userAgent: null, refreshCookie: null, setRefreshCookie: () => {} },
    );
    const principal = await platform.principal(await platform.authenticate(signedIn.accessToken), 'required');
    return platform.context({ principal });
  };
  const list = (input: Partial<TaskListInput>) =>
    listTasks(ctx, TaskListInput.parse({ limit: 100, total: true, ...input }));
  const page = { limit: 100, total: true, sort: 'name' } as const;

  beforeAll(async () => {
    database = await createTestDatabase(dialect);
    const owner = dialect === 'postgresql' ? { DATABASE_MIGRATION_URL: asSuperuser(database.url) } : {};
    const settings = readSettings({ DATA_DIR: directory, DATABASE_URL: database.url, ...owner });
    await seed(settings, { ...shape, say: (line) => void said.push(line) });
    platform = await createPlatform(settings);
    ctx = await contextOf(/owner@[\w.-]+/.exec(said.join())?.[0] ?? '');
  });
  afterAll(async () => {
    await platform.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes whole tasks, in the order of their ids', async () => {
    const { data, total } = await list({ sort: 'number' });
    expect(total).toBe(shape.tasks - rareCount);
    for (const task of data) expect(Task.strict().parse(task)).toEqual(task);
    const [ids, instants] = [data.map(({ id }) => id), data.map(({ createdAt }) => createdAt)];
    expect(ids).toEqual(ids.toSorted());
    expect(instants).toEqual(instants.toSorted());
    for (const task of data.slice(2, 20)) {
      const { data: told } = await listTaskActivity(ctx, { id: task.id, limit: 10, total: false });
      expect(told).toMatchObject([{ type: 'task.created', actor: task.createdBy, data: { title: task.title } }]);
    }
  });

  it('has a common and a rare value of each filter', async () => {
    const [tags, teams, departments, projects] = await Promise.all([
      listTags(ctx, page),
      listTeams(ctx, { ...page, subtree: false }),
      listDepartments(ctx, page),
      listProjects(ctx, ProjectListInput.parse({})),
    ]);
    const idOf = (some: { data: readonly { id: string; name: string }[] }, name: string) =>
      some.data.filter((one) => one.name === name).map(({ id }) => id);
    const people = new Map(
      (await listMembers(ctx, MemberListInput.parse({ organizationId: 'x', limit: 100, status: ['active'] }))).data.map(
        ({ user, roles: held }) => [held[0]?.key, user.id],
      ),
    );
    const parents = await list({ parent: ['none'], search: 'project' });
    const parentOf = (title: string) => parents.data.filter((task) => task.title === title).map(({ id }) => id);
    const rareFilters: readonly Partial<TaskListInput>[] = [
      { assignee: [people.get('viewer') ?? ''] },
      { tag: idOf(tags, rare.tag) },
      { team: idOf(teams, rare.team) },
      { department: idOf(departments, rare.team) },
      { parent: parentOf('Small project') },
      { project: idOf(projects, rare.project) },
      { status: ['archived'] },
      { priority: ['urgent'] },
      { dueBefore: '2002-01-01T00:00:00.000Z' },
      { dueAfter: '2098-01-01T00:00:00.000Z' },
      { search: rare.word },
      { search: rare.longWord.slice(0, 20) },
      { deleted: true },
    ];
    for (const filter of rareFilters) expect([filter, (await list(filter)).total]).toEqual([filter, rareCount]);

    const commonFilters: readonly (readonly [Partial<TaskListInput>, number])[] = [
      [{ assignee: ['me'] }, 0.45],
      [{ tag: idOf(tags, 'bug') }, 0.45],
      [{ parent: parentOf('Large project') }, 0.08],
      [{ parent: ['none'] }, 0.8],
      [{ project: idOf(projects, 'Daily work') }, 0.4],
      [{ project: ['none'] }, 0.4],
      [{ search: 'the' }, 0.9],
      [{ status: ['done'] }, 0.4],
      [{ overdue: false }, 0.8],
    ];
    for (const [filter, share] of commonFilters)
      expect([filter, (await list(filter)).total ?? 0]).toSatisfy(
        ([, total]: [unknown, number]) => total > share * shape.tasks,
      );
    expect((await list({ overdue: true })).total).toBeGreaterThan(0);
  });

  it('makes people who have joined, left or been suspended, and can sign in', async () => {
    const count = async (status: ('active' | 'suspended' | 'ended')[]) =>
      (await listMembers(ctx, MemberListInput.parse({ organizationId: 'x', total: true, status }))).total;
    expect([await count(['active', 'suspended', 'ended']), await count(['suspended']), await count(['ended'])]).toEqual(
      [shape.members, 1, 3],
    );
    const domain = /owner(@[\w.-]+)/.exec(said.join())?.[1] ?? '';
    const member = await contextOf(`person-0${domain}`);
    expect((await listTasks(member, TaskListInput.parse({ limit: 1 }))).data).toHaveLength(1);
  });

  it('leaves the counters and the sums of figures as the services would', async () => {
    const dump = await openDump(database.url);
    const { counters, ...figures } = await dump.read(['counters', ...figureTables]);
    await dump.close();
    expect(figures['task_figure_changes']).toEqual([]);
    expect(figureDifferences(figures, new Date())).toEqual([]);
    expect(Object.fromEntries(counters?.map(({ name, value }) => [name, Number(value)]) ?? [])).toMatchObject({
      task: shape.tasks,
      'living tasks': shape.tasks - rareCount,
    });
    expect(await createTask(ctx, { title: 'The next one' })).toMatchObject({ number: shape.tasks + 1 });
  });
});
