import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { enqueue } from '../jobs/index.ts';
import { createRoleAssignment, createTeam, deleteTeam } from '../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  figureDifferences,
  figureTables,
  type DumpReader,
  openDump,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { anonymous, codeOf } from '../testing/people.ts';
import {
  addProjectMember,
  bulkCreateTasks,
  bulkUpdateTasks,
  createProject,
  createTask,
  deleteProject,
  deleteTask,
  emptyTrash,
  listProjects,
  listTasks,
  moveTask,
  ProjectListInput,
  restoreProject,
  restoreTask,
  type Task,
  TaskListInput,
  taskPriorities,
  taskStatuses,
  updateTask,
} from '../work/index.ts';
import { AnalyticsInput, type OwnAnalytics, type TaskAnalytics } from './analytics.schema.ts';
import { getOwnAnalytics, getTaskAnalytics } from './analytics.service.ts';
import { efficiencyScore } from './efficiency.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Rounds half up. The numbers are decimal fractions, so what lies just below a half is one. */
const rounded = (value: number, digits: number): number =>
  Math.floor(Number((value * 10 ** digits + 0.5).toFixed(6))) / 10 ** digits;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** What E1 says, worked out from the tasks one by one. */
function expectedTasks(tasks: readonly Task[], now: number): TaskAnalytics {
  const hours = tasks.filter(({ status }) => status === 'done').flatMap(({ actualHours }) => actualHours ?? []);
  const count = (test: (task: Task) => boolean) => tasks.filter(test).length;
  const by = <Name extends string>(names: readonly Name[], of: (task: Task) => string) =>
    Object.fromEntries(names.map((name) => [name, count((task) => of(task) === name)])) as Record<Name, number>;
  return {
    total: tasks.length,
    byStatus: by(taskStatuses, ({ status }) => status),
    byPriority: by(taskPriorities, ({ priority }) => priority),
    overdue: count(
      ({ status, dueDate }) => dueDate !== null && Date.parse(dueDate) < now && !['done', 'archived'].includes(status),
    ),
    completedThisWeek: count(
      ({ completedAt }) => completedAt !== null && Date.parse(completedAt) >= now - 168 * hourMs,
    ),
    avgCompletionTimeHours: hours.length === 0 ? null : rounded(sum(hours) / hours.length, 2),
  };
}

function expectedOwn(mine: readonly Task[], team: readonly Task[]): OwnAnalytics {
  const counts = (tasks: readonly Task[]) => {
    const living = tasks.filter(({ status }) => status !== 'archived');
    const count = (...statuses: string[]) => living.filter(({ status }) => statuses.includes(status)).length;
    return {
      total: living.length,
      completed: count('done'),
      pending: count('todo'),
      inProgress: count('in_progress', 'in_review'),
    };
  };
  const own = counts(mine);
  const measured = mine.filter(
    ({ status, estimatedHours, actualHours }) => status === 'done' && estimatedHours !== null && (actualHours ?? 0) > 0,
  );
  const rate = own.total === 0 ? 0 : own.completed / own.total;
  const spent = sum(measured.map(({ actualHours }) => actualHours ?? 0));
  const inTime = Math.min(1, sum(measured.map(({ estimatedHours }) => estimatedHours ?? 0)) / spent);
  const score = measured.length === 0 ? 100 * rate : 60 * rate + 40 * inTime;
  return { myTasks: own, teamTasks: counts(team), efficiencyScore: rounded(score, 1) };
}

const hours = fc.option(
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 2000 }).map((value) => value / 100),
  ),
);

const weekMinutes = 168 * 60;
/** When something was done. Often about a week ago, where figures begin to count it. */
const minutesAgo = fc.oneof(
  fc.integer({ min: 0, max: 2 * weekMinutes }),
  fc.integer({ min: weekMinutes - 90, max: weekMinutes + 90 }),
);
/** When something is due. Often today. */
const dueInMinutes = fc.option(
  fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.integer({ min: -24 * 60, max: 24 * 60 })),
);

const fields = {
  status: fc.constantFrom(...taskStatuses),
  priority: fc.constantFrom(...taskPriorities),
  dueInMinutes,
  estimatedHours: hours,
  actualHours: hours,
  team: fc.constantFrom(null, 0, 1),
  project: fc.constantFrom(null, 0, 1),
};

/** One task: when it is created, and what becomes of it. */
const life = fc.record({
  ...fields,
  createdMinutesAgo: fc.integer({ min: 0, max: 60 * 24 * 30 }),
  changedMinutesAgo: minutesAgo,
  later: fc.option(fc.constantFrom(...taskStatuses), { freq: 2 }),
  people: fc.uniqueArray(fc.constantFrom(0, 1, 2), { maxLength: 3 }),
  trashed: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** What happens to tasks: to some of those that there are, counted from the first one. */
const change = fc.record({
  kind: fc.constantFrom(
    'update',
    'update many',
    'create many',
    'move',
    'trash',
    'restore',
    'delete for ever',
    'empty the trash',
    'delete a project',
    'delete and restore a project',
    'delete a team',
    'fold',
    'fold twice at once',
  ),
  minutesAgo,
  which: fc.nat(),
  fields: fc.record(fields, { requiredKeys: [] }),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

const period = fc.option(fc.integer({ min: 0, max: 24 * 31 }));
const asked = fc.record({
  project: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 'none'>(0, 1, 'none'), { minLength: 1 }), { freq: 2 }),
  team: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 'none'>(0, 1, 'none'), { minLength: 1 }), { freq: 2 }),
  // Without these, figures are read from sums.
  more: fc.option(
    fc.record({
      assignee: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 2 | 'me'>(0, 1, 2, 'me'), { minLength: 1 })),
      after: period,
      before: period,
    }),
    { freq: 2, nil: { assignee: null, after: null, before: null } },
  ),
});

describe.each(dialects)('figures about tasks on %s', (dialect) => {
  // The clocks of Europe and America change within the last four weeks. Neither a day nor an hour begins now.
  const now = Date.parse('2026-04-01T12:34:56.789Z');
  const clock = new TestClock(new Date(now));
  let platform: TestPlatform;
  let acme: TestOrganization;
  let dump: DumpReader;
  let teams: readonly string[];
  let people: readonly string[];
  /** The second one is private. */
  let projects: readonly string[];
  /** The private projects that are made on the way. Only the owner sees into them. */
  const closed = new Set<string>();

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    dump = await openDump(platform.settings.databaseUrl);
    acme = await createOrganization(platform);
    const owner = acme.owner.ctx();
    teams = [(await createTeam(owner, { name: 'One' })).id, (await createTeam(owner, { name: 'Two' })).id];
    const [open, shut] = [
      await createProject(owner, { key: 'OPEN', name: 'Open' }),
      await createProject(owner, { key: 'SHUT', name: 'Shut', visibility: 'private' }),
    ];
    projects = [open.id, shut.id];
    const [developer, ofTeam] = [await acme.addMember('developer'), await acme.addMember()];
    const [viewer, ofProjects, insider] = [
      await acme.addMember('viewer'),
      await acme.addMember(),
      await acme.addMember('member'),
    ];
    const limit = (userId: string, kind: 'team' | 'project', id = '') =>
      createRoleAssignment(owner, { userId, roleId: acme.roleIds.manager, scope: { kind, id }, validTo: null });
    await limit(ofTeam.userId, 'team', teams[1]);
    for (const id of projects) await limit(ofProjects.userId, 'project', id);
    for (const { userId } of [developer, insider]) await addProjectMember(owner, { projectId: shut.id, userId });
    people = [acme.owner, developer, ofTeam, viewer, ofProjects, insider].map(({ userId }) => userId);
    const other = await createOrganization(platform, 'Other');
    await createTask(other.owner.ctx(), { title: 'Elsewhere', dueDate: '2026-01-01T00:00:00.000Z' });
  });
  afterAll(async () => {
    await dump.close();
    await platform.dispose();
  });

  const at = (minutes: number) => clock.set(new Date(now - minutes * minuteMs));
  const owner = () => acme.owner.ctx();
  const idAt = (ids: readonly string[], place: number | null) => (place === null ? null : (ids[place] ?? null));
  const dueIn = (minutes: number | null) =>
    minutes === null ? null : new Date(now + minutes * minuteMs).toISOString();

  const inputOf = ({ dueInMinutes: due, team, project, ...rest }: Change['fields']) => ({
    ...rest,
    ...(due !== undefined && { dueDate: dueIn(due) }),
    ...(team !== undefined && { teamId: idAt(teams, team) }),
    ...(project !== undefined && { projectId: idAt(projects, project) }),
  });

  /** Lets a task live. */
  async function live({ createdMinutesAgo, changedMinutesAgo, later, people: assigned, trashed, ...task }: Life) {
    at(createdMinutesAgo);
    const { id } = await createTask(owner(), {
      title: 'Task',
      ...inputOf(task),
      // Only members of a private project are assigned there.
      assigneeIds: assigned.flatMap((person) => (task.project === 1 && person === 2 ? [] : (people[person] ?? []))),
    });
    at(Math.min(createdMinutesAgo, changedMinutesAgo));
    if (later !== null) await updateTask(owner(), { id, status: later });
    if (trashed) await deleteTask(owner(), { id, permanent: false });
    clock.set(new Date(now));
  }

  /** All tasks that are in the trash, or all that are not. */
  async function allTasks(deleted = false): Promise<Task[]> {
    const found: Task[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await listTasks(owner(), TaskListInput.parse({ limit: 100, sort: 'number', deleted, cursor }));
      found.push(...page.data);
      if (page.nextCursor === null) return found;
      cursor = page.nextCursor;
    }
  }

  const fold = () => platform.foldFigures();
  let places = 0;

  /** Makes a project with two tasks. Every other one is private. */
  async function newProject(input: ReturnType<typeof inputOf>): Promise<string> {
    const visibility = ++places % 2 ? 'private' : 'organization';
    const { id } = await createProject(owner(), { key: `NEW${places}`, name: 'New', visibility });
    if (visibility === 'private') closed.add(id);
    for (const title of ['First', 'Second']) await createTask(owner(), { title, ...input, projectId: id });
    return id;
  }

  /** Changes some of the tasks. Refused changes leave everything as it was. */
  async function happen({ kind, minutesAgo: ago, which, fields: some }: Change): Promise<unknown> {
    const deleted = kind === 'restore' || kind === 'delete for ever';
    const known = await allTasks(deleted);
    const ids = known.slice(which % Math.max(known.length, 1)).map(({ id }) => id);
    const [id] = ids;
    const input = inputOf(some);
    at(ago);
    if (kind === 'fold') return fold();
    if (kind === 'fold twice at once') return Promise.all([fold(), fold()]);
    if (kind === 'empty the trash') return emptyTrash(owner());
    if (kind === 'create many')
      return bulkCreateTasks(owner(), { items: [{ title: 'One', ...input }, { title: 'Two' }], mode: 'atomic' });
    if (kind === 'delete a project') return deleteProject(owner(), { id: await newProject(input), permanent: false });
    if (kind === 'delete and restore a project') {
      const projectId = await newProject(input);
      await deleteProject(owner(), { id: projectId, permanent: false });
      return restoreProject(owner(), { id: projectId });
    }
    if (kind === 'delete a team') {
      const { id: teamId } = await createTeam(owner(), { name: `New ${++places}` });
      const [kept, trashed] = [
        await createTask(owner(), { title: 'Kept', ...input, teamId }),
        await createTask(owner(), { title: 'Trashed', ...input, teamId }),
      ];
      await deleteTask(owner(), { id: trashed.id, permanent: false });
      await updateTask(owner(), { id: kept.id, teamId: null });
      await deleteTeam(owner(), { id: teamId });
      return restoreTask(owner(), { id: trashed.id });
    }
    if (id === undefined) return undefined;
    if (kind === 'update') return codeOf(updateTask(owner(), { id, ...input }));
    if (kind === 'update many')
      return codeOf(bulkUpdateTasks(owner(), { ids: ids.slice(0, 5), changes: input, mode: 'perItem' }));
    if (kind === 'move') return codeOf(moveTask(owner(), { id, projectId: input.projectId ?? null }));
    if (kind === 'restore') return codeOf(restoreTask(owner(), { id }));
    return deleteTask(owner(), { id, permanent: kind === 'delete for ever' });
  }

  /** Whether somebody sees a task, by the place in `people`. */
  function sees(person: number, { teamId, projectId, assignees }: Task): boolean {
    const isInsider = person === 1 || person === 5;
    if (person > 0 && projectId !== null && (closed.has(projectId) || (projectId === projects[1] && !isInsider)))
      return false;
    if (person === 1) return assignees.some(({ id }) => id === people[1]);
    if (person === 2) return teamId === teams[1];
    return person !== 4 || projectId === projects[0];
  }

  const differences = async () => figureDifferences(await dump.read(figureTables), new Date(now));

  it('agree with a calculation from the tasks themselves, for everybody and under every filter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { maxLength: 3 }),
        fc.array(change, { maxLength: 4 }),
        asked,
        async (lives, changes, { project, team, more: { assignee, after, before } }) => {
          for (const one of lives) await live(one);
          for (const one of changes) await happen(one);
          clock.set(new Date(now));
          const tasks = await allTasks();
          const instant = (hoursAgo: number) => new Date(now - hoursAgo * hourMs).toISOString();
          const input = AnalyticsInput.parse({
            ...(project && { project: project.map((one) => (one === 'none' ? one : projects[one])) }),
            ...(team && { team: team.map((one) => (one === 'none' ? one : teams[one])) }),
            ...(assignee && { assignee: assignee.map((one) => (one === 'me' ? one : people[one])) }),
            ...(after !== null && { createdAfter: instant(after) }),
            ...(before !== null && { createdBefore: instant(before) }),
          });
          for (const [index, userId] of people.entries()) {
            const ctx = await acting(platform, userId, acme.id);
            const isMine = ({ assignees }: Task) => assignees.some(({ id }) => id === userId);
            const assignees = input.assignee?.map((one) => (one === 'me' ? userId : one));
            const seen = tasks.filter((task) => sees(index, task));
            const reached = seen.filter(
              (task) =>
                (!input.project || input.project.includes(task.projectId ?? 'none')) &&
                (!input.team || input.team.includes(task.teamId ?? 'none')) &&
                (!assignees || task.assignees.some(({ id }) => assignees.includes(id))) &&
                (!input.createdAfter || task.createdAt >= input.createdAfter) &&
                (!input.createdBefore || task.createdAt <= input.createdBefore),
            );
            expect(await getTaskAnalytics(ctx, input)).toEqual(expectedTasks(reached, now));
            expect(await getTaskAnalytics(ctx, {})).toEqual(expectedTasks(seen, now));
            expect(await getOwnAnalytics(ctx, input)).toEqual(expectedOwn(reached.filter(isMine), reached));
          }
        },
      ),
      { numRuns: 40 },
    );
    const tasks = await allTasks();
    expect(tasks.length).toBeGreaterThan(20);
    const expectRight = async () => {
      expect(await differences()).toEqual([]);
      const { data } = await listProjects(owner(), ProjectListInput.parse({ include: ['taskCounts'], limit: 100 }));
      for (const { id, taskCounts } of data) {
        const own = tasks.filter(({ projectId }) => projectId === id);
        expect(taskCounts).toEqual({ total: own.length, done: own.filter(({ status }) => status === 'done').length });
      }
    };
    await expectRight();
    await fold();
    await expectRight();
    const left = await dump.read(figureTables);
    expect(left['task_figure_changes']).toEqual([]);
    expect(left['task_figures']?.filter(({ value }) => Number(value) === 0)).toEqual([]);
  });

  it('notice each change of a single field', async () => {
    const { id } = await createTask(owner(), { title: 'Task', status: 'done', actualHours: 2 });
    const changes = [
      { actualHours: 3 },
      { priority: 'high' },
      { teamId: teams[0] },
      { projectId: projects[0] },
      { status: 'todo' },
      { dueDate: dueIn(-24 * 60) },
      { dueDate: null },
    ] as const;
    for (const fields of changes) {
      await updateTask(owner(), { id, ...fields });
      expect([fields, await differences()]).toEqual([fields, []]);
    }
  });

  it('are exact while tasks change and several processes fold', async () => {
    const busy = await createOrganization(platform, 'Busy');
    const ctx = busy.owner.ctx();
    const items = Array.from({ length: 20 }, (_, number) => ({ title: `Task ${number}`, actualHours: 1 }));
    const made = await bulkCreateTasks(ctx, { items, mode: 'atomic' });
    const ids = made.flatMap(({ task }) => task?.id ?? []);
    const read = async () => {
      const { total, byStatus, byPriority } = await getTaskAnalytics(ctx, {});
      expect([total, sum(Object.values(byStatus)), sum(Object.values(byPriority))]).toEqual([20, 20, 20]);
    };
    for (const status of taskStatuses) {
      const work = ids.flatMap((id) => [updateTask(ctx, { id, status }), read(), fold(), fold()]);
      await Promise.all(work);
      expect((await getTaskAnalytics(ctx, {})).byStatus).toMatchObject({ [status]: 20 });
    }
    await fold();
    expect(await differences()).toEqual([]);
  });

  it('are folded by every server that runs jobs', async () => {
    await createTask(owner(), { title: 'New' });
    platform.startJobs();
    await expect.poll(async () => (await dump.read(figureTables))['task_figure_changes']).toEqual([]);
    await platform.stopJobs();
    expect(await differences()).toEqual([]);
  });

  it('forget in which hours tasks were completed once no figure shows it any more', async () => {
    const hoursKept = async () =>
      ((await dump.read(['task_figures']))['task_figures'] ?? []).filter(({ figure }) => figure === 2).length;
    const { id } = await createTask(owner(), { title: 'Done', status: 'done' });
    await fold();
    expect(await hoursKept()).toBeGreaterThan(0);
    clock.advance(9 * 24 * hourMs);
    await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, 'task_figures.purge', {}));
    await platform.runDueJobs();
    expect(await hoursKept()).toBe(0);
    await updateTask(owner(), { id, status: 'archived' });
    await fold();
    expect(await hoursKept()).toBe(0);
    expect(figureDifferences(await dump.read(figureTables), clock.now())).toEqual([]);
    clock.set(new Date(now));
  });

  it('are zero without tasks, and null where there is no mean', async () => {
    const empty = await createOrganization(platform, 'Empty');
    const tasks = await getTaskAnalytics(empty.owner.ctx(), {});
    expect(tasks).toMatchObject({ total: 0, overdue: 0, completedThisWeek: 0, avgCompletionTimeHours: null });
    expect(await getOwnAnalytics(empty.owner.ctx(), {})).toMatchObject({ efficiencyScore: 0 });
  });

  it('ask for the permission to read figures', async () => {
    const nobody = await acme.addMember();
    await expect(getTaskAnalytics(nobody.ctx(), {})).rejects.toMatchObject({ code: 'permission_denied' });
    await expect(getOwnAnalytics(nobody.ctx(), {})).rejects.toMatchObject({ code: 'permission_denied' });
  });
});

describe('the efficiency score', () => {
  it.each([
    // total, completed, estimated, spent: score
    [0, 0, 0, 0, 0],
    [3, 0, 0, 0, 0],
    [3, 1, 0, 0, 33.3],
    [8, 1, 0, 0, 12.5],
    [2, 2, 0, 0, 100],
    [4, 2, 500, 1000, 50],
    [4, 2, 2000, 1000, 70],
    // 60 · 1/16 + 40 · 1/4 = 13.75, which a floating-point number could round down.
    [16, 1, 250, 1000, 13.8],
    [1, 1, 0, 1000, 60],
    [200_000, 200_000, 2_000_000_000_000, 1_999_999_999_999, 100],
  ])('of %i tasks, %i completed, %i of %i hundredths of hours: %d', (total, completed, estimated, spent, score) => {
    expect(efficiencyScore({ total, completed, estimated, spent })).toBe(score);
  });
});
