import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { createTeam, removeMember, setOrganizationTier } from '../../tenancy/index.ts';
import {
  createMeteredPlatform,
  createOrganization,
  dialects,
  type MeteredPlatform,
  TestClock,
  type TestOrganization,
} from '../../testing/index.ts';
import { anonymous } from '../../testing/people.ts';
import {
  bulkCreateTasks,
  bulkUpdateTasks,
  createTag,
  createTask,
  getTask,
  listTaskActivity,
  listTasks,
  Task,
  TaskBulkCreate,
  TaskBulkUpdate,
  TaskListInput,
  type TaskOutcome,
} from '../index.ts';
import { taskPriorities, taskStatuses } from './task.schema.ts';

const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const at = <Item>(items: readonly Item[], position: number): Item => items[position % items.length] as Item;
const create = (input: unknown) => TaskBulkCreate.parse(input);
const update = (input: unknown) => TaskBulkUpdate.parse(input);
const titles = (count: number) => numbersTo(count).map((index) => ({ title: `Task ${index}` }));
const idsIn = (outcomes: readonly TaskOutcome[]): string[] => outcomes.map(({ id }) => String(id));
const codesIn = (outcomes: readonly TaskOutcome[]) => outcomes.map(({ refusal }) => refusal?.code ?? null);

/** The largest bulk. */
const most = 500;
/** However many tasks, links and different values there are. */
const mostStatements = 20;

describe.each(dialects)('many tasks in one call on %s', (dialect) => {
  let platform: MeteredPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createMeteredPlatform(dialect, { clock: new TestClock() });
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const some = async (count: number, organization = acme) =>
    idsIn(await bulkCreateTasks(organization.owner.ctx(), create({ items: titles(count) })));
  const countEvents = (type: string) =>
    readThroughSystemDoor(platform.database, async (db) => {
      const events = db.selectFrom('events').select('id').where('type', '=', type);
      return (await events.where('organization_id', '=', acme.id).execute()).length;
    });

  it('are created as each alone would be', async () => {
    const member = await acme.addMember('member');
    const { id: tagId } = await createTag(acme.owner.ctx(), { name: 'Created', color: '#112233' });
    const parent = await createTask(acme.owner.ctx(), { title: 'Parent' });
    const input = {
      title: 'Child',
      status: 'done' as const,
      estimatedHours: 1.25,
      parentId: parent.id,
      assigneeIds: [member.userId, acme.owner.userId],
      tagIds: [tagId],
    };
    const alone = await createTask(acme.owner.ctx(), input);
    const outcomes = await bulkCreateTasks(acme.owner.ctx(), create({ items: [input, { title: 'Plain' }] }));
    expect(outcomes.map(({ index, refusal }) => [index, refusal])).toEqual([
      [0, null],
      [1, null],
    ]);
    const [child, plain] = outcomes.map(({ task }) => Task.parse(task));
    expect(child).toEqual({
      ...alone,
      id: child?.id,
      number: alone.number + 1,
      createdAt: child?.createdAt,
      updatedAt: child?.updatedAt,
      completedAt: child?.completedAt,
    });
    expect(plain).toMatchObject({ title: 'Plain', number: alone.number + 2, status: 'todo', assignees: [] });
    for (const task of [child, plain]) expect(await getTask(acme.owner.ctx(), { id: String(task?.id) })).toEqual(task);
    const activity = await listTaskActivity(acme.owner.ctx(), { id: String(child?.id), limit: 5, total: true });
    expect(activity.data).toMatchObject([
      { type: 'task.created', changes: { assigneeIds: { to: input.assigneeIds } } },
    ]);
  });

  it(`are changed by at most ${mostStatements} statements and one transaction, with an event each, whatever changes`, async () => {
    const people: string[] = [];
    for (const _ of numbersTo(6)) people.push((await acme.addMember('member')).userId);
    const tagIds: string[] = [];
    for (const index of numbersTo(6))
      tagIds.push((await createTag(acme.owner.ctx(), { name: `Bulk ${index}`, color: '#112233' })).id);
    const teamIds: string[] = [];
    for (const index of numbersTo(3)) teamIds.push((await createTeam(acme.owner.ctx(), { name: `Bulk ${index}` })).id);
    const parentIds = await some(20);
    const ids = await some(most);
    const items = ids.map((id, index) => ({
      id,
      title: `Changed ${index}`,
      ...(index % 3 === 0 && { description: `It's number ${index} of "many", \\ and \u{1F600}\n` }),
      status: at(taskStatuses, index),
      priority: at(taskPriorities, index),
      ...(index % 2 === 0 && { dueDate: new Date(Date.UTC(2027, 0, 1 + index)).toISOString() }),
      estimatedHours: index / 4,
      parentId: at(parentIds, index),
      teamId: at(teamIds, index),
      assigneeIds: [...people.slice(index % 6), ...people.slice(0, index % 6)],
      tagIds,
    }));
    const before = await countEvents('task.updated');
    let outcomes: TaskOutcome[] = [];
    const request = { procedure: 'tasks.bulkUpdate', input: items, idempotencyKey: randomUUID() };
    const cost = await platform.cost(async () => {
      outcomes = await bulkUpdateTasks(acme.owner.ctx(request), update({ items }));
    });
    expect(cost.statements).toBeLessThanOrEqual(mostStatements);
    expect(cost.transactions).toBe(1);
    expect((await countEvents('task.updated')) - before).toBe(most);
    expect(codesIn(outcomes)).toEqual(ids.map(() => null));
    for (const { index, task } of outcomes) {
      const { assigneeIds, tagIds: tags, ...fields } = items[index] ?? { assigneeIds: [], tagIds: [] };
      expect(task).toMatchObject({ ...fields, version: 2 });
      expect(task?.assignees.map(({ id }) => id)).toEqual(assigneeIds);
      expect(new Set(task?.tags.map(({ id }) => id))).toEqual(new Set(tags));
    }
    for (const { task } of outcomes.filter(({ index }) => index % 50 === 0))
      expect(await getTask(acme.owner.ctx(), { id: String(task?.id) })).toEqual(task);
    const found = await listTasks(acme.owner.ctx(), TaskListInput.parse({ search: 'changed 499' }));
    expect(found.data.map(({ id }) => id)).toEqual([ids[499]]);
  });

  it('are changed in the same way by ids, and stay as they are where nothing differs', async () => {
    const ids = await some(most);
    await bulkUpdateTasks(acme.owner.ctx(), update({ ids: ids.slice(0, 5), changes: { status: 'done' } }));
    const before = await countEvents('task.updated');
    const cost = await platform.cost(() =>
      bulkUpdateTasks(acme.owner.ctx(), update({ ids, changes: { status: 'done', assigneeIds: [acme.owner.userId] } })),
    );
    expect(cost.statements).toBeLessThanOrEqual(mostStatements);
    expect((await countEvents('task.updated')) - before).toBe(most);
    const again = await bulkUpdateTasks(acme.owner.ctx(), update({ ids, changes: { status: 'done' } }));
    expect((await countEvents('task.updated')) - before).toBe(most);
    expect(again.map(({ task }) => task?.version)).toEqual(ids.map((_, index) => (index < 5 ? 3 : 2)));
  });

  it('are all left alone when one is refused, and the error names it', async () => {
    const ids = await some(9);
    const missing = ids.with(7, randomUUID());
    await expect(
      bulkUpdateTasks(acme.owner.ctx(), update({ ids: missing, changes: { title: 'Changed' } })),
    ).rejects.toMatchObject({ code: 'task_not_found', details: { fields: [{ field: ['ids', 7] }] } });
    const items = ids.map((id, index) => ({ id, title: 'Changed', ...(index > 6 && { tagIds: [randomUUID()] }) }));
    await expect(bulkUpdateTasks(acme.owner.ctx(), update({ items }))).rejects.toMatchObject({
      code: 'tag_not_found',
      details: { fields: [{ field: ['items', 7] }, { field: ['items', 8] }] },
    });
    for (const id of ids) expect(await getTask(acme.owner.ctx(), { id })).toMatchObject({ version: 1 });
    const { total } = await listTasks(acme.owner.ctx(), TaskListInput.parse({ total: true }));
    const created = [{ title: 'Not alone' }, { title: 'Refused', assigneeIds: [randomUUID()] }];
    await expect(bulkCreateTasks(acme.owner.ctx(), create({ items: created }))).rejects.toMatchObject({
      code: 'assignee_not_found',
      details: { fields: [{ field: ['items', 1] }] },
    });
    expect((await listTasks(acme.owner.ctx(), TaskListInput.parse({ total: true }))).total).toBe(total);
  });

  it('are changed without the refused ones when each has an outcome of its own', async () => {
    const [first = '', second = '', third = ''] = await some(3);
    const trashed = randomUUID();
    const items = [
      { id: first, title: 'First', parentId: third },
      { id: trashed, title: 'Missing' },
      { id: second, title: 'Second', teamId: randomUUID() },
      { id: third, title: 'Third', parentId: first },
    ];
    const outcomes = await bulkUpdateTasks(acme.owner.ctx(), update({ items, mode: 'perItem' }));
    expect(idsIn(outcomes)).toEqual([first, trashed, second, third]);
    // The third would close a circle with what the first has just become.
    expect(codesIn(outcomes)).toEqual([null, 'task_not_found', 'team_not_found', 'parent_cycle']);
    expect(outcomes[2]?.refusal?.details.field).toEqual(['items', 2, 'teamId']);
    expect(outcomes[0]?.task).toMatchObject({ title: 'First', parentId: third, version: 2 });
    expect(await getTask(acme.owner.ctx(), { id: third })).toMatchObject({
      title: 'Task 2',
      parentId: null,
      version: 1,
    });
    const byIds = update({ ids: [first, second], changes: { parentId: second }, mode: 'perItem' });
    const cycle = await bulkUpdateTasks(acme.owner.ctx(), byIds);
    expect(codesIn(cycle)).toEqual([null, 'parent_cycle']);
    expect(cycle[1]?.refusal?.details.field).toEqual(['changes', 'parentId']);
  });

  it('are decided on one by one', async () => {
    const developer = await acme.addMember('developer');
    const viewer = await acme.addMember('viewer');
    const mine = await createTask(developer.ctx(), { title: 'Mine' });
    const [other = ''] = await some(1);
    const changes = { priority: 'high' };
    const outcomes = await bulkUpdateTasks(
      developer.ctx(),
      update({ ids: [other, mine.id], changes, mode: 'perItem' }),
    );
    expect(codesIn(outcomes)).toEqual(['task_not_found', null]);
    const items = [{ title: 'Own' }, { title: 'For others', assigneeIds: [acme.owner.userId] }];
    const created = await bulkCreateTasks(developer.ctx(), create({ items, mode: 'perItem' }));
    expect(codesIn(created)).toEqual([null, 'permission_denied']);
    expect(created[1]?.refusal?.details).toMatchObject({ constraint: { kind: 'assignedOnly' } });
    expect(created[0]?.task?.assignees.map(({ id }) => id)).toEqual([developer.userId]);
    const refused = { code: 'permission_denied', details: { permission: 'task:update' } };
    await expect(bulkUpdateTasks(viewer.ctx(), update({ ids: [other], changes }))).rejects.toMatchObject(refused);
    await expect(bulkCreateTasks(developer.ctx(), create({ items }))).rejects.toMatchObject({
      code: 'permission_denied',
      details: { fields: [{ field: ['items', 1] }] },
    });
  });

  it('keep assignees whose membership has ended, and take no others of them', async () => {
    const leaver = await acme.addMember('member');
    const [held = '', free = ''] = await some(2);
    await bulkUpdateTasks(acme.owner.ctx(), update({ ids: [held], changes: { assigneeIds: [leaver.userId] } }));
    await removeMember(acme.owner.ctx(), { organizationId: acme.id, userId: leaver.userId });
    const changes = { assigneeIds: [acme.owner.userId, leaver.userId] };
    const outcomes = await bulkUpdateTasks(acme.owner.ctx(), update({ ids: [held, free], changes, mode: 'perItem' }));
    expect(codesIn(outcomes)).toEqual([null, 'assignee_not_found']);
    expect(outcomes[0]?.task?.assignees.map(({ id }) => id)).toEqual(changes.assigneeIds);
    expect(outcomes[1]?.refusal?.details.field).toEqual(['changes', 'assigneeIds', 1]);
  });

  it('fill the quota exactly, and leave no gap in the numbers', async () => {
    const limited = await createOrganization(platform);
    await setOrganizationTier(anonymous(platform), { organization: limited.id, tier: 'free', maxTasks: 3 });
    const items = titles(5);
    const exceeded = { code: 'limit_exceeded', details: { limit: 'tasks', max: 3 } };
    await expect(bulkCreateTasks(limited.owner.ctx(), create({ items }))).rejects.toMatchObject(exceeded);
    const wrong = { title: 'Wrong', tagIds: [randomUUID()] };
    const rows = [...items.slice(0, 1), wrong, ...items.slice(1)];
    const first = await bulkCreateTasks(limited.owner.ctx(), create({ items: rows, mode: 'perItem' }));
    const beyond = 'limit_exceeded';
    expect(codesIn(first)).toEqual([null, 'tag_not_found', null, null, beyond, beyond]);
    expect(first[5]?.refusal).toMatchObject(exceeded);
    const full = await bulkCreateTasks(limited.owner.ctx(), create({ items, mode: 'perItem' }));
    expect(codesIn(full)).toEqual(items.map(() => beyond));
    await setOrganizationTier(anonymous(platform), { organization: limited.id, tier: 'free', maxTasks: 7 });
    const next = await bulkCreateTasks(limited.owner.ctx(), create({ items: [wrong, ...items], mode: 'perItem' }));
    expect(next.map(({ task }) => task?.number ?? null)).toEqual([null, 4, 5, 6, 7, null]);
    await setOrganizationTier(anonymous(platform), { organization: limited.id, tier: 'free', maxTasks: 9 });
    const last = await bulkCreateTasks(
      limited.owner.ctx(),
      create({ items: [wrong, { title: 'Eighth' }], mode: 'perItem' }),
    );
    expect(last[1]?.task?.number).toBe(8);
    await expect(some(2, limited)).rejects.toMatchObject({ code: beyond });
    expect((await some(1, limited)).length).toBe(1);
  });

  it('are written once for one idempotency key, and not at all by a dry run', async () => {
    const input = create({ items: [{ title: 'Once' }, { title: 'Refused', tagIds: [randomUUID()] }], mode: 'perItem' });
    const request = { procedure: 'tasks.bulkCreate', input, idempotencyKey: randomUUID() };
    const first = await bulkCreateTasks(acme.owner.ctx(request), input);
    expect(await bulkCreateTasks(acme.owner.ctx(request), input)).toEqual(first);
    const ctx = acme.owner.ctx({ dryRun: true });
    const changes = { title: 'Twice' };
    const [outcome] = await bulkUpdateTasks(ctx, update({ ids: [first[0]?.id], changes }));
    expect(outcome?.task).toMatchObject({ ...changes, version: 2 });
    expect(ctx.outcome.dryRun?.events).toMatchObject([{ type: 'task.updated' }]);
    expect(await getTask(acme.owner.ctx(), { id: String(first[0]?.id) })).toMatchObject({ title: 'Once', version: 1 });
  });

  it('are named once each, by ids and changes or by items', () => {
    const id = randomUUID();
    const isTaken = (input: unknown) => TaskBulkUpdate.safeParse(input).success;
    expect(isTaken({ ids: [id], changes: {} })).toBe(true);
    expect(isTaken({ items: [{ id, title: 'x' }] })).toBe(true);
    for (const wrong of [
      { ids: [id, id], changes: {} },
      { items: [{ id }, { id: id.toUpperCase() }] },
      { ids: [id] },
      { ids: [id], items: [{ id }] },
      { items: [{ id }], changes: {} },
      { changes: {} },
      { ids: [], changes: {} },
      { ids: numbersTo(501).map(() => randomUUID()), changes: {} },
    ])
      expect(isTaken(wrong)).toBe(false);
  });
});
