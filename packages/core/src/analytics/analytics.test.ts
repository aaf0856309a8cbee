import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoleAssignment, createTeam } from '../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import {
  addProjectMember,
  createProject,
  createTask,
  deleteTask,
  type Task,
  taskPriorities,
  taskStatuses,
  updateTask,
} from '../work/index.ts';
import { AnalyticsInput, type OwnAnalytics, type TaskAnalytics } from './analytics.schema.ts';
import { getOwnAnalytics, getTaskAnalytics } from './analytics.service.ts';
import { efficiencyScore } from './efficiency.ts';

const hourMs = 3_600_000;

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

/** One task: when it is created, and what becomes of it. */
const life = fc.record({
  createdHoursAgo: fc.integer({ min: 0, max: 24 * 30 }),
  changedHoursAgo: fc.integer({ min: 0, max: 24 * 14 }),
  status: fc.constantFrom(...taskStatuses),
  later: fc.option(fc.constantFrom(...taskStatuses), { freq: 2 }),
  priority: fc.constantFrom(...taskPriorities),
  dueInHours: fc.option(fc.integer({ min: -500, max: 500 })),
  estimatedHours: hours,
  actualHours: hours,
  team: fc.constantFrom(null, 0, 1),
  project: fc.constantFrom(null, 0, 1),
  people: fc.uniqueArray(fc.constantFrom(0, 1, 2), { maxLength: 3 }),
  trashed: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

const period = fc.option(fc.integer({ min: 0, max: 24 * 31 }));
const asked = fc.record({
  project: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 'none'>(0, 1, 'none'), { minLength: 1 })),
  team: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 'none'>(0, 1, 'none'), { minLength: 1 })),
  assignee: fc.option(fc.uniqueArray(fc.constantFrom<0 | 1 | 2 | 'me'>(0, 1, 2, 'me'), { minLength: 1 })),
  after: period,
  before: period,
});

describe.each(dialects)('figures about tasks on %s', (dialect) => {
  // The clocks of Europe and America change within the last four weeks.
  const now = Date.parse('2026-04-01T12:00:00Z');
  const clock = new TestClock(new Date(now));
  let platform: TestPlatform;
  let acme: TestOrganization;
  let teams: readonly string[];
  let people: readonly string[];
  /** The second one is private. */
  let projects: readonly string[];

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
    const owner = acme.owner.ctx();
    teams = [(await createTeam(owner, { name: 'One' })).id, (await createTeam(owner, { name: 'Two' })).id];
    const [developer, scoped] = [await acme.addMember('developer'), await acme.addMember()];
    const scope = { kind: 'team', id: teams[1] ?? '' } as const;
    await createRoleAssignment(owner, { userId: scoped.userId, roleId: acme.roleIds.manager, scope, validTo: null });
    const viewer = await acme.addMember('viewer');
    people = [acme.owner.userId, developer.userId, scoped.userId, viewer.userId];
    const open = await createProject(owner, { key: 'OPEN', name: 'Open' });
    const closed = await createProject(owner, { key: 'SHUT', name: 'Shut', visibility: 'private' });
    await addProjectMember(owner, { projectId: closed.id, userId: developer.userId });
    projects = [open.id, closed.id];
    const other = await createOrganization(platform, 'Other');
    await createTask(other.owner.ctx(), { title: 'Elsewhere', dueDate: '2026-01-01T00:00:00.000Z' });
  });
  afterAll(() => platform.dispose());

  /** Lets a task live, and returns what it has become. */
  async function live({ createdHoursAgo, changedHoursAgo, ...task }: Life) {
    const at = (hoursAgo: number) => clock.set(new Date(now - hoursAgo * hourMs));
    at(createdHoursAgo);
    const { estimatedHours, actualHours, priority, status, dueInHours } = task;
    let made = await createTask(acme.owner.ctx(), {
      title: 'Task',
      status,
      priority,
      estimatedHours,
      actualHours,
      dueDate: dueInHours === null ? null : new Date(now + dueInHours * hourMs).toISOString(),
      teamId: task.team === null ? null : (teams[task.team] ?? null),
      projectId: task.project === null ? null : (projects[task.project] ?? null),
      // Only members of a private project are assigned there.
      assigneeIds: task.people.flatMap((person) => (task.project === 1 && person === 2 ? [] : (people[person] ?? []))),
    });
    at(Math.min(createdHoursAgo, changedHoursAgo));
    if (task.later !== null) made = await updateTask(acme.owner.ctx(), { id: made.id, status: task.later });
    if (task.trashed) await deleteTask(acme.owner.ctx(), { id: made.id, permanent: false });
    clock.set(new Date(now));
    return task.trashed ? [] : [made];
  }

  it('agree with a calculation from the tasks themselves, for everybody and under every filter', async () => {
    const tasks: Task[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { maxLength: 4 }),
        asked,
        async (lives, { project, team, assignee, after, before }) => {
          for (const one of lives) tasks.push(...(await live(one)));
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
            const reached = tasks
              .filter((task) => index < 2 || task.projectId !== projects[1])
              .filter((task) => (index !== 1 || isMine(task)) && (index !== 2 || task.teamId === teams[1]))
              .filter(
                (task) =>
                  (!input.project || input.project.includes(task.projectId ?? 'none')) &&
                  (!input.team || input.team.includes(task.teamId ?? 'none')) &&
                  (!assignees || task.assignees.some(({ id }) => assignees.includes(id))) &&
                  (!input.createdAfter || task.createdAt >= input.createdAfter) &&
                  (!input.createdBefore || task.createdAt <= input.createdBefore),
              );
            expect(await getTaskAnalytics(ctx, input)).toEqual(expectedTasks(reached, now));
            expect(await getOwnAnalytics(ctx, input)).toEqual(expectedOwn(reached.filter(isMine), reached));
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(tasks.length).toBeGreaterThan(20);
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
