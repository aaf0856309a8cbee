import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../../kernel/errors.ts';
import { updateCurrentUser } from '../../identity/index.ts';
import { createRole, createRoleAssignment, OrganizationUpdate, updateOrganization } from '../../tenancy/index.ts';
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
const berlin = 'Europe/Berlin';
const newYork = 'America/New_York';
const refused = (allowedAgainAt: string | null, timezone: string) => ({
  code: 'permission_denied',
  details: { constraint: { kind: 'workingHours', allowedAgainAt, timezone } },
});

/** When a refusal for the hours says that it is allowed again; anything else is thrown on. */
function openingOf(error: unknown, timezone: string): string | null | undefined {
  const constraint = error instanceof DomainError ? error.details.constraint : undefined;
  if (constraint?.kind !== 'workingHours' || constraint.timezone !== timezone) throw error;
  return constraint.allowedAgainAt;
}

describe.each(dialects)('working hours on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-01T12:00:00Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;
  /** May do everything that a manager may, in working hours. */
  let clerk: TestMember;

  const everyDay = { start: '09:00', end: '18:00', days: [1, 2, 3, 4, 5, 6, 7], exemptPriorities: ['critical'] };

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
    clerk = await acme.addMember();
    const role = { name: 'Clerk', permissions: [], constraints: ['workingHours' as const] };
    const { id } = await createRole(acme.owner.ctx(), { ...role, parentId: acme.roleIds.manager });
    await createRoleAssignment(acme.owner.ctx(), {
      userId: clerk.userId,
      roleId: id,
      scope: { kind: 'organization' },
      validTo: null,
    });
  });
  afterAll(() => platform.dispose());

  const policy = (workingHours?: object) =>
    updateOrganization(
      acme.owner.ctx(),
      OrganizationUpdate.parse({ organizationId: acme.id, settings: workingHours ? { workingHours } : {} }),
    );
  beforeEach(async () => void (await policy()));

  let count = 0;
  const as = ({ userId }: TestMember) => acting(platform, userId, acme.id);
  const live = async ({ principal }: TestMember, timezone: string) => {
    const person = { ...principal, organizationId: null, grants: [] };
    await updateCurrentUser(platform.context({ principal: person }), { timezone });
  };
  /** What a day leads to: a task with a comment, and a tag, made by the clerk. */
  async function made() {
    const ctx = await as(clerk);
    const task = await createTask(ctx, { title: 'Count', priority: 'low' });
    await createComment(ctx, { taskId: task.id, body: 'One' });
    return { task, tag: await createTag(ctx, { name: `Tag ${dialect} ${++count}`, color: '#112233' }) };
  }
  /** Every way to write, each on things of its own. */
  async function writes({ task, tag }: Awaited<ReturnType<typeof made>>, other: Awaited<ReturnType<typeof made>>) {
    const ctx = await as(clerk);
    return [
      () => createTask(ctx, { title: 'New' }),
      () => updateTask(ctx, { id: task.id, title: `Counted ${++count}` }),
      () => createComment(ctx, { taskId: task.id, body: 'Two' }),
      () => deleteTask(ctx, { id: other.task.id, permanent: false }),
      () => restoreTask(ctx, { id: other.task.id }),
      () => deleteTask(ctx, { id: other.task.id, permanent: true }),
      () => createTag(ctx, { name: `Tag ${dialect} ${++count}`, color: '#112233' }),
      () => updateTag(ctx, { id: tag.id, name: `Tag ${dialect} ${++count}` }),
      () => deleteTag(ctx, { id: other.tag.id }),
    ];
  }

  it.each([
    ['the last minute before', berlin, '2026-01-12T07:59:59.999Z', false, '2026-01-12T08:00:00.000Z'],
    ['09:00', berlin, '2026-01-12T08:00:00Z', true, null],
    ['17:59', berlin, '2026-01-12T16:59:59.999Z', true, null],
    ['18:00', berlin, '2026-01-12T17:00:00Z', false, '2026-01-13T08:00:00.000Z'],
    ['a Saturday noon', berlin, '2026-01-10T11:00:00Z', false, '2026-01-12T08:00:00.000Z'],
    ['08:59 after the clocks went forward', berlin, '2026-03-30T06:59:00Z', false, '2026-03-30T07:00:00.000Z'],
    ['09:00 after the clocks went forward', berlin, '2026-03-30T07:00:00Z', true, null],
    ['17:59 after they went back', berlin, '2026-10-26T16:59:00Z', true, null],
    ['18:00 after they went back', berlin, '2026-10-26T17:00:00Z', false, '2026-10-27T08:00:00.000Z'],
    ['09:00 after the clocks went forward', newYork, '2026-03-09T13:00:00Z', true, null],
    ['17:59 after they went back', newYork, '2026-11-02T22:59:00Z', true, null],
    ['18:00 after they went back', newYork, '2026-11-02T23:00:00Z', false, '2026-11-03T14:00:00.000Z'],
  ] as const)('at %s in %s (%s): %s', async (_what, timezone, at, open, again) => {
    clock.set('2026-01-08T12:00:00Z');
    await live(clerk, 'UTC');
    clock.advance(soon);
    const [one, other] = [await made(), await made()];
    await live(clerk, timezone);
    clock.set(at);
    const answers: unknown[] = [];
    for (const write of await writes(one, other))
      answers.push(
        await write().then(
          () => 'passed',
          (error: unknown) => openingOf(error, timezone),
        ),
      );
    expect(answers).toEqual(answers.map(() => (open ? 'passed' : again)));
    const ctx = await as(clerk);
    expect((await listTasks(ctx, TaskListInput.parse({}))).data).not.toEqual([]);
    expect(await getTask(ctx, { id: one.task.id })).toMatchObject({ version: open ? 2 : 1 });
    expect((await listComments(ctx, CommentListInput.parse({ taskId: one.task.id }))).data).toHaveLength(open ? 2 : 1);
    expect((await listTaskActivity(ctx, { id: one.task.id, limit: 10, total: false })).data).not.toEqual([]);
    expect((await listTags(ctx, TagListInput.parse({}))).data).not.toEqual([]);
  });

  it('count for each subtask that goes to the trash with its parent', async () => {
    await policy(everyDay);
    clock.set('2026-01-12T12:00:00Z');
    await live(clerk, 'UTC');
    clock.advance(soon);
    const parent = await createTask(await as(clerk), { title: 'Above', priority: 'critical' });
    const child = await createTask(await as(clerk), { title: 'Below', parentId: parent.id });
    clock.set('2026-01-12T22:00:00Z');
    const trashing = deleteTask(await as(clerk), { id: parent.id, permanent: false });
    await expect(trashing).rejects.toMatchObject(refused('2026-01-13T09:00:00.000Z', 'UTC'));
    expect(await getTask(acme.owner.ctx(), { id: child.id })).toMatchObject({ deletedAt: null });
  });

  it.each([
    ['08:59 on the day on which the clocks go forward', berlin, '2026-03-29T06:59:00Z', false],
    ['09:00 on the day on which the clocks go forward', berlin, '2026-03-29T07:00:00Z', true],
    ['17:59 on the day on which the clocks go forward', berlin, '2026-03-29T15:59:00Z', true],
    ['18:00 on the day on which the clocks go forward', berlin, '2026-03-29T16:00:00Z', false],
    ['08:59 on the day on which they go back', berlin, '2026-10-25T07:59:00Z', false],
    ['09:00 on the day on which they go back', berlin, '2026-10-25T08:00:00Z', true],
    ['09:00 on the day on which the clocks go forward', newYork, '2026-03-08T13:00:00Z', true],
    ['18:00 on the day on which the clocks go forward', newYork, '2026-03-08T22:00:00Z', false],
    ['17:59 on the day on which they go back', newYork, '2026-11-01T22:59:00Z', true],
    ['18:00 on the day on which they go back', newYork, '2026-11-01T23:00:00Z', false],
  ])('where Sundays are worked, at %s in %s (%s): %s', async (_what, timezone, at, open) => {
    await policy(everyDay);
    await live(clerk, timezone);
    clock.set(at);
    const created = codeOf(as(clerk).then((ctx) => createTask(ctx, { title: 'On a Sunday' })));
    expect(await created).toBe(open ? 'passed' : 'permission_denied');
  });

  it('leave what is critical alone, but nothing becomes critical at night', async () => {
    clock.set('2026-01-12T12:00:00Z');
    await live(clerk, 'UTC');
    clock.advance(soon);
    const { task } = await made();
    clock.set('2026-01-12T23:00:00Z');
    const ctx = await as(clerk);
    const critical = await createTask(ctx, { title: 'Leak', priority: 'critical' });
    await updateTask(ctx, { id: critical.id, title: 'Big leak' });
    await createComment(ctx, { taskId: critical.id, body: 'Pump!' });
    const night = refused('2026-01-13T09:00:00.000Z', 'UTC');
    await expect(updateTask(ctx, { id: task.id, priority: 'critical' })).rejects.toMatchObject(night);
    await expect(createTask(ctx, { title: 'Leak', priority: 'urgent' })).rejects.toMatchObject(night);
    expect(await getTask(ctx, { id: task.id })).toMatchObject({ priority: 'low', version: 1 });
    // What is no longer critical is as any other from then on.
    await updateTask(ctx, { id: critical.id, priority: 'high' });
    await expect(updateTask(ctx, { id: critical.id, title: 'Dry' })).rejects.toMatchObject(night);
    await expect(deleteTask(ctx, { id: critical.id, permanent: false })).rejects.toMatchObject(night);
  });

  it('are those of the policy: hours, days, exempt priorities', async () => {
    await live(clerk, 'UTC');
    await policy({ start: '20:00', end: '24:00', days: [6], exemptPriorities: ['high'] });
    const at = async (instant: string, priority: 'high' | 'critical' | 'low') => {
      clock.set(instant);
      return codeOf(createTask(await as(clerk), { title: 'By policy', priority }));
    };
    expect(await at('2026-01-10T19:59:59Z', 'low')).toBe('permission_denied');
    expect(await at('2026-01-10T20:00:00Z', 'low')).toBe('passed');
    expect(await at('2026-01-10T23:59:59Z', 'critical')).toBe('passed');
    expect(await at('2026-01-11T00:00:00Z', 'critical')).toBe('permission_denied');
    expect(await at('2026-01-12T12:00:00Z', 'high')).toBe('passed');
    await policy({ start: '09:00', end: '18:00', days: [] });
    clock.advance(soon);
    await expect(createTask(await as(clerk), { title: 'Never' })).rejects.toMatchObject(refused(null, 'UTC'));
  });

  it('follow the user into another time zone', async () => {
    clock.set('2026-01-12T12:00:00Z');
    await live(clerk, 'UTC');
    clock.advance(soon);
    expect(await codeOf(createTask(await as(clerk), { title: 'Noon' }))).toBe('passed');
    await live(clerk, 'Asia/Tokyo');
    clock.advance(soon);
    await expect(createTask(await as(clerk), { title: 'Evening' })).rejects.toMatchObject(
      refused('2026-01-13T00:00:00.000Z', 'Asia/Tokyo'),
    );
  });

  it('do not hold for who may without them by another role', async () => {
    clock.set('2026-01-12T23:00:00Z');
    const developer = await acme.addMember('developer');
    expect(await codeOf(createTask(await as(developer), { title: 'Night' }))).toBe('permission_denied');
    const both = await acme.addMember('developer', 'member');
    expect(await codeOf(createTask(await as(both), { title: 'Night' }))).toBe('passed');
  });
});
