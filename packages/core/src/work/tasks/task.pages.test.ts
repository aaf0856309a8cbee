import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { createTeam } from '../../tenancy/index.ts';
import {
  analyzeTables,
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { createTag, listTasks, TaskListInput, taskPriorities, taskStatuses } from '../index.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskAssigneeEntity, TaskDependencyEntity, TaskEntity, TaskTagEntity } from './task.entity.ts';

/*
 * Lists of so many tasks that a list does not read all of them, by every way that a list can take. The expected answers are computed here
 * from the same rows, one by one.
 */

/** More tasks than a search puts in order, and more than a count reads. */
const size = 10_400;

interface Made {
  n: number;
  id: string;
  createdAt: number;
  updatedAt: number;
  dueDate: number | null;
  title: string;
  status: number;
  priority: number;
  parent: string | null;
  team: string | null;
  creator: string;
  assignees: string[];
  tags: string[];
  words: string[];
  /** The task that it waits for. */
  blocker: string | null;
  isDeleted: boolean;
}

type Test = (task: Made) => boolean;

describe.each(dialects)('pages of many tasks on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let often: TestMember;
  let seldom: TestMember;
  /** A person who sees only tasks that are assigned to them. */
  let developer: TestMember;
  let tags: string[];
  let teams: string[];
  let tasks: Made[];
  let now: number;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    [often, seldom, developer] = [
      await acme.addMember('member'),
      await acme.addMember('member'),
      await acme.addMember('developer'),
    ];
    const named = (name: string) => createTag(acme.owner.ctx(), { name, color: '#336699' });
    tags = [(await named('Often')).id, (await named('Seldom')).id];
    teams = [
      (await createTeam(acme.owner.ctx(), { name: 'Often' })).id,
      (await createTeam(acme.owner.ctx(), { name: 'Seldom' })).id,
    ];
    now = platform.clock.now().getTime();
    tasks = makeTasks();
    await writeTasks();
    if (dialect === 'postgresql') await analyzeTables(platform.settings.databaseUrl);
  }, 120_000);
  afterAll(() => platform.dispose());

  function makeTasks(): Made[] {
    const ids = Array.from({ length: size }, () => uuidv7());
    const seldomIs = (n: number, rest: number) => n % 1000 === rest;
    return ids.map((id, n) => ({
      n,
      id,
      // Some tasks have the same instant.
      createdAt: now - 100_000_000 + Math.floor(n / 3) * 1000,
      updatedAt: now - 90_000_000 + ((n * 7919) % size) * 1000,
      dueDate: n % 3 === 0 ? null : now + ((n % 200) - 100) * 86_400_000 + 3_600_000,
      title: `task ${(n * 7919) % 5000}`,
      status: seldomIs(n, 3) ? 4 : n % 4,
      priority: seldomIs(n, 4) ? 4 : n % 4,
      parent: n > 10 && n % 4 === 1 ? (ids[0] ?? null) : seldomIs(n, 12) && n > 12 ? (ids[2] ?? null) : null,
      team: seldomIs(n, 7) ? (teams[1] ?? null) : n % 2 === 0 ? (teams[0] ?? null) : null,
      creator: seldomIs(n, 8) ? seldom.userId : acme.owner.userId,
      assignees: [
        ...(n % 2 === 0 ? [often.userId] : []),
        ...(seldomIs(n, 5) ? [seldom.userId] : []),
        ...(n % 3 === 0 ? [developer.userId] : []),
      ],
      tags: [...(n % 2 === 1 ? [tags[0] ?? ''] : []), ...(n % 900 === 1 ? [tags[1] ?? ''] : [])],
      blocker: n % 4 === 2 ? (ids[(n * 7919) % size] ?? null) : null,
      words: ['common', ...(n % 2 === 1 ? ['commonly'] : []), ...(n % 1000 === 11 ? ['seldom'] : [])],
      isDeleted: n % 50 === 49,
    }));
  }

  const isOpen = ({ status, isDeleted }: Made): boolean => status < 3 && !isDeleted;

  async function writeTasks(): Promise<void> {
    const organizationId = acme.id;
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const rowOf = (task: Made) => ({
      organizationId,
      id: task.id,
      number: task.n + 1,
      title: task.title,
      titleSort: task.title,
      status: taskStatuses[task.status] ?? 'todo',
      statusRank: task.status,
      priority: taskPriorities[task.priority] ?? 'low',
      priorityRank: task.priority,
      dueDate: task.dueDate === null ? null : new Date(task.dueDate),
      parentId: task.parent,
      teamId: task.team,
      isLinked: false,
      version: 1,
      createdAt: new Date(task.createdAt),
      createdById: task.creator,
      updatedAt: new Date(task.updatedAt),
      updatedById: acme.owner.userId,
      deletedAt: task.isDeleted ? new Date(now) : null,
    });
    await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
      // PostgreSQL plans the check of a foreign key at its first use. Here that is when there are already many tasks.
      for (const part of [tasks.filter(({ parent }) => !parent), tasks.filter(({ parent }) => parent)])
        await unit.insert(TaskEntity, ...part.map(rowOf));
      const link = ({ id: taskId, createdAt }: Made) => ({ organizationId, taskId, createdAt: new Date(createdAt) });
      await unit.insert(
        TaskAssigneeEntity,
        ...tasks.flatMap((task) => task.assignees.map((userId, position) => ({ ...link(task), userId, position }))),
      );
      await unit.insert(
        TaskTagEntity,
        ...tasks.flatMap((task) => task.tags.map((tagId) => ({ ...link(task), tagId }))),
      );
      await unit.insert(
        TaskDependencyEntity,
        ...tasks.flatMap(({ id: taskId, blocker: blockerId }) => {
          const blocker = blockerId === null ? undefined : byId.get(blockerId);
          return blocker ? [{ organizationId, taskId, blockerId: blocker.id, isOpen: isOpen(blocker) }] : [];
        }),
      );
      await unit.insert(
        TaskSearchEntity,
        ...tasks.map(({ id: taskId, words }) => ({
          organizationId,
          taskId,
          title: words
            .slice(0, 1)
            .map((word) => ` ${word}`)
            .join(''),
          body: words
            .slice(1)
            .map((word) => ` ${word}`)
            .join(''),
        })),
      );
    });
  }

  const keys: Record<string, (task: Made) => readonly (number | string | null)[]> = {
    createdAt: ({ createdAt, id }) => [createdAt, id],
    updatedAt: ({ updatedAt, id }) => [updatedAt, id],
    dueDate: ({ dueDate, id }) => [dueDate, id],
    title: ({ title, id }) => [title, id],
    status: ({ status, createdAt, id }) => [status, createdAt, id],
    priority: ({ priority, createdAt, id }) => [priority, createdAt, id],
    number: ({ n }) => [n],
  };

  /** Returns the ids of the tasks that pass, in the order of the sort. Nulls come last in both directions. */
  function expected(passes: Test, sort: string): string[] {
    const key = keys[sort.replace('-', '')] ?? (() => []);
    const sign = sort.startsWith('-') ? -1 : 1;
    const compare = (a: Made, b: Made): number => {
      const [left, right] = [key(a), key(b)];
      for (const [index, one] of left.entries()) {
        const other = right[index] ?? null;
        if (one === other) continue;
        if (one === null || other === null) return one === null ? 1 : -1;
        return one < other ? -sign : sign;
      }
      return 0;
    };
    return tasks
      .filter(passes)
      .sort(compare)
      .map(({ id }) => id);
  }

  const idOf = (ids: string[], index: number) => ids[index] ?? '';

  /** The input of a list, and which tasks pass. */
  const cases = (): readonly (readonly [input: Record<string, unknown>, passes: Test])[] => {
    const [oftenTag, seldomTag] = [idOf(tags, 0), idOf(tags, 1)];
    const [oftenTeam, seldomTeam] = [idOf(teams, 0), idOf(teams, 1)];
    const [first, third] = [tasks[0]?.id ?? '', tasks[2]?.id ?? ''];
    const is = (task: Made, userId: string) => task.assignees.includes(userId);
    const isLate = ({ dueDate, status }: Made) => dueDate !== null && dueDate < now && status < 3;
    const at = (days: number) => new Date(now + days * 86_400_000).toISOString();
    const due = (test: (days: number) => boolean) => (task: Made) =>
      task.dueDate !== null && test((task.dueDate - now) / 86_400_000);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const isBlocked = ({ blocker: id }: Made): boolean => {
      const blocker = id === null ? undefined : byId.get(id);
      return blocker !== undefined && isOpen(blocker);
    };
    const instant = (time: number) => new Date(time).toISOString();
    const [created, updated] = [now - 100_000_000, now - 90_000_000];
    return [
      [{}, () => true],
      [{ status: ['done'] }, ({ status }) => status === 3],
      [{ status: ['archived'] }, ({ status }) => status === 4],
      [{ status: ['todo', 'archived'] }, ({ status }) => status === 0 || status === 4],
      [{ priority: ['low'] }, ({ priority }) => priority === 0],
      [{ priority: ['critical'] }, ({ priority }) => priority === 4],
      [{ assignee: [often.userId] }, (task) => is(task, often.userId)],
      [{ assignee: [seldom.userId] }, (task) => is(task, seldom.userId)],
      [{ assignee: [seldom.userId, often.userId] }, (task) => is(task, seldom.userId) || is(task, often.userId)],
      [{ tag: [oftenTag] }, (task) => task.tags.includes(oftenTag)],
      [{ tag: [seldomTag] }, (task) => task.tags.includes(seldomTag)],
      [{ tag: [seldomTag, oftenTag] }, (task) => task.tags.length > 0],
      [{ parent: [first] }, ({ parent }) => parent === first],
      [{ parent: [third] }, ({ parent }) => parent === third],
      [{ parent: ['none'] }, ({ parent }) => parent === null],
      [{ parent: ['none', third] }, ({ parent }) => parent !== first],
      [{ team: [oftenTeam] }, ({ team }) => team === oftenTeam],
      [{ team: [seldomTeam] }, ({ team }) => team === seldomTeam],
      [{ team: [seldomTeam, oftenTeam] }, ({ team }) => team !== null],
      [{ team: ['none'] }, ({ team }) => team === null],
      [{ team: ['none', seldomTeam] }, ({ team }) => team !== oftenTeam],
      [{ createdBy: ['me'] }, ({ creator }) => creator === acme.owner.userId],
      [{ createdBy: [seldom.userId] }, ({ creator }) => creator === seldom.userId],
      [{ dueBefore: at(50) }, due((days) => days <= 50)],
      [{ dueBefore: at(-99) }, due((days) => days <= -99)],
      [{ dueAfter: at(98) }, due((days) => days >= 98)],
      [{ dueAfter: at(-1), dueBefore: at(1) }, due((days) => days >= -1 && days <= 1)],
      [{ createdAfter: instant(created + 3_000_000) }, ({ createdAt }) => createdAt >= created + 3_000_000],
      [{ createdBefore: instant(created + 10_000) }, ({ createdAt }) => createdAt <= created + 10_000],
      [
        { createdAfter: instant(created + 10_000), createdBefore: instant(created + 20_000), status: ['done'] },
        ({ createdAt, status }) => createdAt >= created + 10_000 && createdAt <= created + 20_000 && status === 3,
      ],
      [{ updatedAfter: instant(updated + 10_000_000) }, ({ updatedAt }) => updatedAt >= updated + 10_000_000],
      [{ updatedBefore: instant(updated + 50_000) }, ({ updatedAt }) => updatedAt <= updated + 50_000],
      [{ blocked: true }, isBlocked],
      [{ blocked: false }, (task) => !isBlocked(task)],
      [{ blocked: true, tag: [seldomTag] }, (task) => isBlocked(task) && task.tags.includes(seldomTag)],
      [{ overdue: true }, isLate],
      [{ overdue: false }, (task) => !isLate(task)],
      [{ search: 'seldom' }, ({ n }) => n % 1000 === 11],
      [{ search: 'commonly' }, ({ n }) => n % 2 === 1],
      [{ search: 'common' }, () => true],
      [{ search: 'seldom', assignee: [seldom.userId] }, (task) => task.n % 1000 === 11 && is(task, seldom.userId)],
      [{ search: 'commonly', tag: [seldomTag] }, (task) => task.n % 2 === 1 && task.tags.includes(seldomTag)],
      [{ search: 'commonly', assignee: [often.userId] }, (task) => task.n % 2 === 1 && is(task, often.userId)],
      [{ search: 'commonly', status: ['done'] }, ({ n, status }) => n % 2 === 1 && status === 3],
      [{ search: 'common', tag: [seldomTag] }, (task) => task.tags.includes(seldomTag)],
      [{ search: 'common', status: ['done'] }, ({ status }) => status === 3],
      [
        { status: ['done'], assignee: [often.userId], tag: [seldomTag] },
        (task) => task.status === 3 && is(task, often.userId) && task.tags.includes(seldomTag),
      ],
      [{ team: [oftenTeam], priority: ['low'] }, ({ team, priority }) => team === oftenTeam && priority === 0],
    ];
  };

  /** Reads the first pages of a list, as ids. */
  async function pagesOf(who: TestMember, input: Record<string, unknown>, count = 3): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < count && (page === 0 || cursor !== null); page++) {
      const parsed = TaskListInput.parse({ ...input, limit: 100, ...(cursor !== null && { cursor }) });
      const { data, nextCursor } = await listTasks(who.ctx(), parsed);
      ids.push(...data.map(({ id }) => id));
      cursor = nextCursor;
    }
    return ids;
  }

  const living =
    (passes: Test): Test =>
    (task) =>
      !task.isDeleted && passes(task);

  it.each(['-createdAt', 'createdAt', 'dueDate', '-dueDate', 'title', '-status', 'priority', '-updatedAt', 'number'])(
    'answer what passes each filter, sorted by %s',
    async (sort) => {
      for (const [input, passes] of cases())
        expect(await pagesOf(acme.owner, { ...input, sort }), `filters ${JSON.stringify(input)}`).toEqual(
          expected(living(passes), sort).slice(0, 300),
        );
    },
  );

  it('go from tasks with a due date to those without', async () => {
    const { userId } = seldom;
    const whole = expected(
      living((task) => task.assignees.includes(userId)),
      'dueDate',
    );
    expect(await pagesOf(acme.owner, { assignee: [userId], sort: 'dueDate' })).toEqual(whole);
    const all = expected(
      living(() => true),
      'dueDate',
    );
    const dated = tasks.filter(living(({ dueDate }) => dueDate !== null)).length;
    const pages = Math.ceil(dated / 100) + 2;
    expect(await pagesOf(acme.owner, { sort: 'dueDate' }, pages)).toEqual(all.slice(0, pages * 100));
  });

  it('answer what is in the trash', async () => {
    const trashed: Test = ({ isDeleted }) => isDeleted;
    for (const sort of ['-createdAt', 'title'])
      expect(await pagesOf(acme.owner, { deleted: true, sort })).toEqual(expected(trashed, sort).slice(0, 300));
    const late = await pagesOf(acme.owner, { deleted: true, tag: [tags[1]] });
    expect(late).toEqual(expected((task) => task.isDeleted && task.tags.length > 1, '-createdAt'));
  });

  it('answer what the caller sees', async () => {
    const sees: Test = (task) => task.assignees.includes(developer.userId);
    for (const sort of ['-createdAt', 'dueDate'])
      for (const [input, passes] of cases()) {
        // Whether a task is blocked depends on who asks: see task.dependencies.test.ts.
        if (input['createdBy'] || 'blocked' in input) continue;
        const seen = expected(
          living((task) => sees(task) && passes(task)),
          sort,
        );
        expect(await pagesOf(developer, { ...input, sort }, 2), `filters ${JSON.stringify(input)}`).toEqual(
          seen.slice(0, 200),
        );
      }
  });

  it('put the hits of a search in order, or answer the newest first when there are too many', async () => {
    const newest = expected(
      living(() => true),
      '-createdAt',
    );
    expect(await pagesOf(acme.owner, { search: 'common' })).toEqual(newest.slice(0, 300));
    expect(await pagesOf(acme.owner, { search: 'com' })).toEqual(newest.slice(0, 300));
    const ranked = expected(
      living(({ words }) => words.includes('commonly')),
      '-createdAt',
    );
    expect((await pagesOf(acme.owner, { search: 'commonly' })).toSorted()).toEqual(
      ranked.toSorted().reverse().slice(0, 300).toSorted(),
    );
  });

  it('count all that pass, or say that there may be more', async () => {
    for (const [input, passes] of cases()) {
      const { total, totalExact } = await listTasks(
        acme.owner.ctx(),
        TaskListInput.parse({ ...input, limit: 1, total: true }),
      );
      const count = expected(living(passes), 'number').length;
      const isRight = totalExact ? total === count : (total ?? 0) <= Math.min(count, 10_000);
      expect(isRight, `total ${total} of ${count} for ${JSON.stringify(input)}`).toBe(true);
    }
    const totalOf = async (input: object) => {
      const page = await listTasks(acme.owner.ctx(), TaskListInput.parse({ ...input, total: true, limit: 1 }));
      return [page.total, page.totalExact];
    };
    expect(await totalOf({})).toEqual([10_000, false]);
    expect(await totalOf({ tag: [tags[1]] })).toEqual([12, true]);
    expect((await totalOf({ search: 'common' }))[1]).toBe(false);
    expect(await totalOf({ search: 'nowhere' })).toEqual([0, true]);
    const { totalExact } = await listTasks(acme.owner.ctx(), TaskListInput.parse({}));
    expect(totalExact).toBeUndefined();
  });
});
