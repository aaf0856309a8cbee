import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scenes } from '../contract/testing/cases.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';
import { useScene } from '../contract/testing/suite.ts';
import { type Surface, surfaces } from '../contract/testing/wire.ts';

describe.each(scenes)('many tasks in one call on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  const aTask = async () => (await owner.do('tasks.create', { title: 'Before' })).id;
  const update = (surface: Surface, input: object, headers = {}) =>
    scene.callAs(owner, surface, 'tasks.bulkUpdate', { ...input }, headers);

  it.each(surfaces)(
    'are answered one by one over %s, with a whole problem for each that is refused',
    async (surface) => {
      const [id, missing] = [await aTask(), randomUUID()];
      const items = [
        { id: missing, title: 'After' },
        { id, title: 'After' },
        { id: await aTask(), tagIds: [missing] },
      ];
      const key = { 'idempotency-key': randomUUID() };
      const reply = await update(surface, { items, mode: 'perItem' }, key);
      const instance = surface === 'rest' ? '/api/v1/tasks/bulk-update' : '/trpc/tasks.bulkUpdate';
      const problem = { instance, requestId: expect.any(String), status: 404 };
      expect(reply.status).toBe(200);
      expect(reply.data).toEqual({
        data: [
          {
            index: 0,
            id: missing,
            status: 404,
            task: null,
            problem: {
              ...problem,
              type: 'urn:tenon:problem:task_not_found',
              docs: '/problems/task_not_found',
              title: 'Task not found',
              detail: 'There is no such task.',
              code: 'task_not_found',
            },
          },
          { index: 1, id, status: 200, task: expect.objectContaining({ title: 'After', version: 2 }), problem: null },
          {
            index: 2,
            id: items[2]?.id,
            status: 404,
            task: null,
            problem: expect.objectContaining({
              code: 'tag_not_found',
              errors: [{ path: '/body/items/2/tagIds/0', code: 'custom', message: 'There is no such tag.' }],
            }),
          },
        ],
        succeeded: 1,
        failed: 2,
      });
      const replayed = await update(surface, { items, mode: 'perItem' }, key);
      expect(replayed.headers['idempotency-replayed']).toBe('true');
      expect(replayed.data).toMatchObject({
        succeeded: 1,
        failed: 2,
        data: [{ problem: { code: 'task_not_found' } }, {}, {}],
      });
    },
  );

  it.each(surfaces)('are all refused with one problem over %s', async (surface) => {
    const [id, missing] = [await aTask(), randomUUID()];
    const named = (path: string) => ({
      status: 404,
      problem: { code: 'task_not_found', errors: [{ path, code: 'custom', message: 'There is no such task.' }] },
    });
    const changes = { title: 'After' };
    expect(await update(surface, { ids: [id, missing], changes })).toMatchObject(named('/body/ids/1'));
    expect(await update(surface, { items: [{ id: missing, ...changes }, { id }] })).toMatchObject(
      named('/body/items/0'),
    );
    expect(await owner.do('tasks.get', { id })).toMatchObject({ title: 'Before', version: 1 });
  });

  it.each(surfaces)('take no If-Match and no task twice over %s', async (surface) => {
    const id = await aTask();
    const changes = { title: 'After' };
    const at = (path: string) => ({ status: 400, problem: { code: 'validation_failed', errors: [{ path }] } });
    expect(await update(surface, { ids: [id], changes }, { 'if-match': '"1"' })).toMatchObject(at('/header/If-Match'));
    expect(await update(surface, { ids: [id, id], changes })).toMatchObject(at('/body/ids'));
    expect(await update(surface, { ids: [id] })).toMatchObject({ status: 400 });
  });

  it('answer 201 for each that was created', async () => {
    const { data } = await scene.callAs(owner, 'rest', 'tasks.bulkCreate', { items: [{ title: 'New' }] });
    expect(data).toMatchObject({ data: [{ index: 0, status: 201, task: { title: 'New' } }], succeeded: 1, failed: 0 });
  });
});
