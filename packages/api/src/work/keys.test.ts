import { randomBytes } from 'node:crypto';
import type { Task } from '@tenon/core';
import { describe, expect, it } from 'vitest';
import { scenes } from '../contract/testing/cases.ts';
import { learned } from '../contract/testing/compare.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';
import { useScene } from '../contract/testing/suite.ts';
import { surfaces } from '../contract/testing/wire.ts';

const aKey = () => `Q${randomBytes(4).toString('hex').toUpperCase()}`;

describe.each(scenes)('keys in the place of ids on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  let projectId: string;
  let key: string;
  let task: Task;
  useScene(open, async (opened) => {
    ({ scene, owner } = opened);
    key = aKey();
    projectId = (await owner.do('projects.create', { key, name: 'Hall' })).id;
    task = await owner.do('tasks.create', { title: 'Count the nails', projectId });
  });

  it('name a task and a project wherever an id does, in any case', async () => {
    expect(task.key).toBe(`${key}-1`);
    for (const surface of surfaces)
      for (const id of [`${key}-1`, `${key}-1`.toLowerCase()]) {
        const ask = (name: string, input: object) => scene.callAs(owner, surface, name, { ...input });
        expect((await ask('tasks.get', { id })).data).toMatchObject({ id: task.id });
        expect((await ask('tasks.listActivity', { id })).data).toMatchObject({ data: [{ entity: { id: task.id } }] });
        expect((await ask('comments.list', { taskId: id })).status).toBe(200);
        expect((await ask('tasks.update', { id, title: task.title })).data).toMatchObject({ id: task.id });
        expect((await ask('tasks.list', { parent: [id] })).data).toMatchObject({ data: [] });
        expect((await ask('tasks.list', { project: [key.toLowerCase(), 'none'] })).data).toMatchObject({
          data: [{ id: task.id }],
        });
        expect((await ask('projects.get', { id: key.toLowerCase() })).data).toMatchObject({ id: projectId });
      }
    const child = await owner.do('tasks.create', { title: 'Subtask', parentId: `${key}-1`, projectId: key });
    expect(child).toMatchObject({ parentId: task.id, projectId });
    await owner.do('tasks.delete', { id: String(child.key) });
    expect(await owner.do('tasks.restore', { id: String(child.key) })).toMatchObject({ id: child.id });
    await owner.do('tasks.delete', { id: child.id, permanent: true });
  });

  it('are answered like missing ids when they lead nowhere, or to what the caller does not see', async () => {
    const { developer } = scene.acme.people;
    const stranger = scene.other.people.owner;
    for (const surface of surfaces)
      for (const person of [developer, stranger]) {
        const ask = (id: string) => scene.callAs(person, surface, 'tasks.get', { id });
        const hidden = await ask(`${key}-1`);
        expect(hidden.problem).toMatchObject({ status: 404, code: 'task_not_found' });
        expect(learned(hidden)).toEqual(learned(await ask(`${key}-99`)));
        expect(learned(hidden)).toEqual(learned(await ask('0190a0a0-0000-7000-8000-000000000000')));
      }
  });

  it('are refused when they are no keys', async () => {
    for (const surface of surfaces)
      for (const id of ['KEY', 'KEY-0', 'KEY-01', '1KEY-1', 'KEY-1-1', 'K-1', 'KEY_1'])
        expect((await scene.callAs(owner, surface, 'tasks.get', { id })).problem).toMatchObject({
          code: 'validation_failed',
          errors: [{ path: '/path/id' }],
        });
  });

  it('replay an answer for an Idempotency-Key after what they name is gone', async () => {
    const { key: taskKey } = await owner.do('tasks.create', { title: 'Short-lived', projectId });
    const headers = { 'idempotency-key': aKey() };
    const remove = () => scene.callAs(owner, 'rest', 'tasks.delete', { id: taskKey, permanent: true }, headers);
    expect((await remove()).status).toBe(204);
    const again = await remove();
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([204, 'true']);
  });

  it('order a board by position in one project only', async () => {
    for (const input of [{}, { project: ['none'] }, { project: [key, projectId] }])
      expect((await scene.callAs(owner, 'rest', 'tasks.list', { sort: 'position', ...input })).problem).toMatchObject({
        code: 'validation_failed',
        errors: [{ path: '/query/sort' }],
      });
    const board = await scene.callAs(owner, 'rest', 'tasks.list', { sort: '-position', project: [key] });
    expect(board.status).toBe(200);
  });
});
