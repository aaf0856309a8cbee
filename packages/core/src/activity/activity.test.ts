import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization, createTestPlatform, dialects, type TestPlatform } from '../testing/index.ts';
import { createComment, createTask, listTaskActivity, updateTask } from '../work/index.ts';

describe.each(dialects)('activity on %s', (dialect) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it('shows the events of a task and of its comments in pages, the newest first, each once', async () => {
    const acme = await createOrganization(platform);
    const ctx = () => acme.owner.ctx();
    const [{ id }, other] = [await createTask(ctx(), { title: 'One' }), await createTask(ctx(), { title: 'Other' })];
    await createComment(ctx(), { taskId: other.id, body: 'Elsewhere' });
    for (const title of ['Two', 'Three', 'Four']) {
      await updateTask(ctx(), { id, title });
      await createComment(ctx(), { taskId: id, body: title });
    }
    await createComment(ctx(), { taskId: id, body: 'Five' });
    await updateTask(ctx(), { id, title: 'Six' });

    const told: unknown[] = [];
    for (let cursor: string | undefined, page = 0; page < 4; page++) {
      const { data, nextCursor, total } = await listTaskActivity(ctx(), { id, limit: 3, cursor, total: true });
      expect(total).toBe(9);
      told.push(...data.map(({ type, changes, data: { body } }) => [type, changes['title']?.to ?? body]));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }

    const comment = 'comment.created';
    expect(told.map((each) => (Array.isArray(each) ? each[0] : each))).toEqual([
      'task.updated',
      comment,
      comment,
      'task.updated',
      comment,
      'task.updated',
      comment,
      'task.updated',
      'task.created',
    ]);
    expect(told).toContainEqual(['task.updated', 'Six']);
  });
});
