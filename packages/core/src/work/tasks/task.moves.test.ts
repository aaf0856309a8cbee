import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization, createTestPlatform, type TestMember, type TestPlatform } from '../../testing/index.ts';
import { createTask, deleteTask, getTask, updateTask } from '../index.ts';

describe('moves on PostgreSQL', () => {
  let platform: TestPlatform;
  let owner: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform('postgresql');
    ({ owner } = await createOrganization(platform));
  });
  afterAll(() => platform.dispose());

  const create = (title: string, parentId: string | null = null) => createTask(owner.ctx(), { title, parentId });
  const move = (id: string, parentId: string) => updateTask(owner.ctx(), { id, parentId });
  const outcomes = (...work: Promise<unknown>[]) =>
    Promise.all(
      work.map((one) =>
        one.then(
          () => 'done',
          (error: { code: string }) => error.code,
        ),
      ),
    );

  it('never close a circle together', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await create('A'), await create('B')];
      const ended = await outcomes(move(a.id, b.id), move(b.id, a.id));
      expect(ended.sort()).toEqual(['done', 'parent_cycle']);
    }
  });

  it('leave no task below a trashed parent', async () => {
    for (let round = 0; round < 10; round++) {
      const [above, parent] = [await create('Above'), await create('Parent')];
      await move(parent.id, above.id);
      const child = await create('Child');
      const trashing = deleteTask(owner.ctx(), { id: above.id, permanent: false });
      const [moved, trashed] = await outcomes(move(child.id, parent.id), trashing);
      expect(trashed).toBe('done');
      const found = await getTask(owner.ctx(), { id: child.id }).then(
        ({ parentId }) => parentId,
        () => 'trashed',
      );
      expect([moved, found]).toEqual(moved === 'done' ? ['done', 'trashed'] : ['parent_not_found', null]);
    }
  });
});
