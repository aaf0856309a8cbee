import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { Job } from '../../jobs/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { addTasks, createTask, getTask, listTasks, TaskListInput } from '../index.ts';
import { mergeTag } from './tag.merge.ts';
import { createTag, deleteTag, getTag, updateTag } from './tag.service.ts';

let sequence = 0;

describe.each(dialects)('tags on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let manager: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    manager = await acme.addMember('manager');
  });
  afterAll(() => platform.dispose());

  const tag = () => createTag(manager.ctx(), { name: `Tag ${++sequence}`, color: '#112233' });
  const task = (...tagIds: string[]) => createTask(manager.ctx(), { title: 'Label the boxes', tagIds });
  const tagIdsOf = async (id: string) => (await getTask(manager.ctx(), { id })).tags.map((one) => one.id);
  const count = async (tagId: string) =>
    (await listTasks(manager.ctx(), TaskListInput.parse({ tag: [tagId], total: true }))).total;
  const events = (type: string, entityId: string) =>
    writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.actor_id as actorId', 'event_payloads.payload'])
        .where('events.entity_id', '=', entityId)
        .where('events.type', '=', type)
        .execute(),
    );
  /** Gives a tag to many tasks, some of which have the other one already. */
  async function tagMany(size: number, both: number, from: string, into: string) {
    const now = platform.clock.now().toISOString();
    const made = Array.from({ length: size }, (_, index) => ({
      id: uuidv7(),
      title: `Box ${index}`,
      description: null,
      status: 'todo' as const,
      priority: 'low' as const,
      dueDate: null,
      estimatedHours: null,
      actualHours: null,
      parentId: null,
      teamId: null,
      projectId: null,
      createdAt: now,
      deletedAt: null,
      createdById: manager.userId,
      assigneeIds: [],
      tagIds: index < both ? [from, into] : [from],
    }));
    await addTasks(manager.ctx(), made);
  }

  it('have a version, which a change must name', async () => {
    const { id, version } = await tag();
    expect(version).toBe(1);
    expect(await updateTag(manager.ctx({ ifMatch: [1] }), { id, color: '#ffffff' })).toMatchObject({ version: 2 });
    expect(await codeOf(updateTag(manager.ctx({ ifMatch: [1] }), { id, color: '#000000' }))).toBe('version_conflict');
    expect(await codeOf(deleteTag(manager.ctx({ ifMatch: [1] }), { id }))).toBe('version_conflict');
    await deleteTag(manager.ctx({ ifMatch: [2] }), { id });
  });

  it('are merged: their tasks get the other one once, and keep their versions', async () => {
    const [from, into, third] = [await tag(), await tag(), await tag()];
    const [one, two, neither] = [await task(from.id, third.id), await task(from.id, into.id), await task(third.id)];
    expect(await mergeTag(manager.ctx(), { id: from.id, intoId: into.id })).toEqual(into);
    expect(await tagIdsOf(one.id)).toEqual([into.id, third.id]);
    expect(await tagIdsOf(two.id)).toEqual([into.id]);
    expect(await tagIdsOf(neither.id)).toEqual([third.id]);
    expect(await getTask(manager.ctx(), { id: one.id })).toMatchObject({ version: 1, updatedAt: one.updatedAt });
    expect(await codeOf(getTag(manager.ctx(), { id: from.id }))).toBe('tag_not_found');
    expect(await events('tag.merged', from.id)).toMatchObject([
      { actorId: manager.userId, payload: { data: { name: from.name, intoId: into.id, version: 1 } } },
    ]);
    expect(await events('tag.deleted', from.id)).toEqual([]);
  });

  it('are not merged into themselves, nor into or from what is missing', async () => {
    const [{ id }, other] = [await tag(), await createOrganization(platform)];
    const foreign = await createTag(other.owner.ctx(), { name: 'Theirs', color: '#112233' });
    expect(await codeOf(mergeTag(manager.ctx(), { id, intoId: id }))).toBe('tag_merged_into_itself');
    for (const missing of [uuidv7(), foreign.id]) {
      expect(await codeOf(mergeTag(manager.ctx(), { id: missing, intoId: id }))).toBe('tag_not_found');
      await expect(mergeTag(manager.ctx(), { id, intoId: missing })).rejects.toMatchObject({
        code: 'tag_not_found',
        details: { field: ['intoId'] },
      });
    }
    expect(await codeOf(mergeTag(manager.ctx({ ifMatch: [2] }), { id, intoId: foreign.id }))).toBe('version_conflict');
    const member = await acme.addMember('member');
    expect(await codeOf(mergeTag(member.ctx(), { id, intoId: foreign.id }))).toBe('permission_denied');
  });

  it('of at most 500 tasks are merged at once, those of more by a job', async () => {
    const [from, into] = [await tag(), await tag()];
    await tagMany(500, 100, from.id, into.id);
    expect(await mergeTag(manager.ctx(), { id: from.id, intoId: into.id })).toEqual(into);
    expect(await count(into.id)).toBe(500);

    const [many, target] = [await tag(), await tag()];
    await tagMany(1000, 300, many.id, target.id);
    const job = Job.parse(await mergeTag(manager.ctx(), { id: many.id, intoId: target.id }));
    expect(job).toMatchObject({ kind: 'tags.merge', status: 'waiting' });
    expect(await count(many.id)).toBe(1000);
    await platform.runDueJobs();
    expect(await count(target.id)).toBe(1000);
    expect(await codeOf(getTag(manager.ctx(), { id: many.id }))).toBe('tag_not_found');
    expect(await events('tag.merged', many.id)).toHaveLength(1);
  });
});
