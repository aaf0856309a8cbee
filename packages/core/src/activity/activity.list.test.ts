import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { createRoleAssignment, createTeam } from '../tenancy/index.ts';
import { createComment, createTag, createTask, deleteTag, deleteTask, updateTask } from '../work/index.ts';
import { taskEvents } from '../work/tasks/task.events.ts';
import { listActivity } from './activity.list.ts';
import { ActivityListInput } from './activity.schema.ts';
import { recordEvents } from './record.ts';

type Filters = Partial<Record<keyof ActivityListInput, unknown>>;

describe.each(dialects)('the activity of an organization on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-02T10:00:00Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;
  let ada: TestMember;
  let grace: TestMember;
  const tasks: string[] = [];
  let tagId: string;

  const list = (who: TestMember, filters: Filters = {}) =>
    listActivity(who.ctx(), ActivityListInput.parse({ limit: 100, ...filters }));
  const typesOf = async (who: TestMember, filters: Filters = {}) =>
    (await list(who, filters)).data.map(({ type }) => type);

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
    ada = acme.owner;
    grace = await acme.addMember('manager');
    const other = await createOrganization(platform, 'Other');
    await createTask(other.owner.ctx(), { title: 'Elsewhere' });
    for (const title of ['One', 'Two']) {
      clock.advance(1000);
      tasks.push((await createTask(ada.ctx(), { title })).id);
    }
    clock.advance(60_000);
    tagId = (await createTag(grace.ctx(), { name: 'Urgent', color: '#ff0000' })).id;
    await createComment(grace.ctx(), { taskId: tasks[0] ?? '', body: 'Done soon' });
    clock.advance(60_000);
    await updateTask(grace.ctx(), { id: tasks[0] ?? '', status: 'in_progress' });
    clock.advance(60_000);
    await deleteTag(grace.ctx(), { id: tagId });
  });
  afterAll(() => platform.dispose());

  it('tells everything, the newest first, and nothing of other organizations', async () => {
    expect(await typesOf(ada)).toEqual([
      'tag.deleted',
      'task.updated',
      'comment.created',
      'tag.created',
      'task.created',
      'task.created',
    ]);
  });

  it('tells each event once, page by page', async () => {
    const whole = await list(ada);
    const ids: string[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, nextCursor } = await list(ada, { limit: 1, cursor });
      ids.push(...data.map(({ id }) => id));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(ids).toEqual(whole.data.map(({ id }) => id));
  });

  it('says in one line what happened, and where it shows too', async () => {
    const { data } = await list(ada);
    expect(data.map(({ summary }) => summary)).toEqual([
      expect.stringMatching(/^User \d+ deleted the tag Urgent$/),
      expect.stringMatching(/^User \d+ moved One from todo to in_progress$/),
      expect.stringMatching(/^User \d+ created a comment$/),
      expect.stringMatching(/^User \d+ created the tag Urgent$/),
      expect.stringMatching(/^User \d+ created the task Two$/),
      expect.stringMatching(/^User \d+ created the task One$/),
    ]);
    expect(data.map(({ parent }) => parent)).toEqual([null, null, { type: 'task', id: tasks[0] }, null, null, null]);
  });

  it('says nothing about an event whose payload was erased', async () => {
    const task = await createTask(ada.ctx(), { title: 'Secret' });
    const find = async () => (await list(ada, { entityId: task.id })).data[0];
    const event = await find();
    await writeThroughSystemDoor(platform.context({ principal: null }), ({ db }) =>
      db
        .deleteFrom('event_payloads')
        .where('event_id', '=', event?.id ?? '')
        .execute(),
    );
    expect(await find()).toEqual({ ...event, changes: {}, data: {}, summary: null });
    await deleteTask(ada.ctx(), { id: task.id, permanent: true });
  });

  it.each<[string, () => Filters, string[]]>([
    [
      'an actor',
      () => ({ actor: ['me'], type: ['task.*'], before: '2026-03-02T10:01:00Z' }),
      ['task.created', 'task.created'],
    ],
    [
      'actors',
      () => ({ actor: [grace.userId, grace.userId] }),
      ['tag.deleted', 'task.updated', 'comment.created', 'tag.created'],
    ],
    ['a rare type', () => ({ type: ['tag.deleted'] }), ['tag.deleted']],
    ['rare types', () => ({ type: ['tag.*'] }), ['tag.deleted', 'tag.created']],
    ['a frequent type', () => ({ type: ['comment.created', 'task.updated'] }), ['task.updated', 'comment.created']],
    ['an actor and a type', () => ({ actor: [grace.userId], type: ['tag.created'] }), ['tag.created']],
    ['no known type', () => ({ type: ['planet.*'] }), []],
    [
      'a time',
      () => ({ after: '2026-03-02T10:01:02Z', before: '2026-03-02T10:02:02Z' }),
      ['task.updated', 'comment.created', 'tag.created'],
    ],
    ['a time and an actor', () => ({ actor: [grace.userId], after: '2026-03-02T10:02:03Z' }), ['tag.deleted']],
    ['a time and a rare type', () => ({ type: ['tag.*'], before: '2026-03-02T10:02:02Z' }), ['tag.created']],
    [
      'an entity with what belongs to it',
      () => ({ entityId: tasks[0] }),
      ['task.updated', 'comment.created', 'task.created'],
    ],
    ['an entity and an actor', () => ({ entityId: tasks[0], actor: ['me'] }), ['task.created']],
    [
      'an entity and a type',
      () => ({ entityType: 'task', entityId: tasks[0], type: ['task.*'] }),
      ['task.updated', 'task.created'],
    ],
    ['an entity and a time', () => ({ entityId: tasks[0], after: '2026-03-02T10:02:00Z' }), ['task.updated']],
    ['an entity of another kind', () => ({ entityType: 'tag', entityId: tasks[1] }), []],
  ])('filters by %s', async (_name, filters, types) => {
    expect(await typesOf(ada, filters())).toEqual(types);
  });

  it('wants an id with the kind of an entity', () => {
    expect(ActivityListInput.safeParse({ entityType: 'task' }).success).toBe(false);
    expect(ActivityListInput.safeParse({ type: ['Task'] }).success).toBe(false);
  });

  it('shows a member of one team the events about the tasks of the team, however many others there are', async () => {
    const team = await createTeam(ada.ctx(), { name: 'Engines' });
    const linus = await acme.addMember();
    const scope = { kind: 'team', id: team.id } as const;
    await createRoleAssignment(ada.ctx(), { userId: linus.userId, roleId: acme.roleIds.member, scope, validTo: null });
    const { id } = await createTask(ada.ctx(), { title: 'Of the team', teamId: team.id });
    // More than a page reads.
    const hidden = await createTask(ada.ctx(), { title: 'Hidden' });
    const hide = taskEvents.updated.about(hidden.id, {
      data: { title: 'Hidden', version: 1 },
      organizationId: acme.id,
    });
    for (let count = 0; count < 5; count++)
      await writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
        recordEvents(unit, ...Array.from({ length: 500 }, () => hide)),
      );
    clock.advance(5000);
    const ctx = await acting(platform, linus.userId, acme.id);
    const found: string[] = [];
    const pages: number[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, nextCursor } = await listActivity(ctx, ActivityListInput.parse({ cursor }));
      found.push(...data.map(({ entity }) => entity.id));
      pages.push(data.length);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(found).toEqual([id]);
    expect(pages[0]).toBe(0);
    expect(pages).toHaveLength(2);
  });
});
