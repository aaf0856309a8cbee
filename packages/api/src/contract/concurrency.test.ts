import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { scenes } from './testing/cases.ts';
import { added } from './testing/compare.ts';
import type { OutputOf } from './testing/operation-types.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';

type Task = OutputOf<'tasks.get'>;

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe.each(scenes)('on %s, at the same time', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  it('50 creates with one Idempotency-Key make one task', async () => {
    const before = await scene.dump();
    const headers = { 'idempotency-key': randomUUID() };
    const replies = await times(50, () => scene.callAs(owner, 'rest', 'tasks.create', { title: 'Once' }, headers));
    const after = await scene.dump();
    expect(added(before, after, 'tasks')).toHaveLength(1);
    expect(added(before, after, 'events')).toHaveLength(1);
    const [first] = replies;
    for (const { status, data } of replies) expect({ status, data }).toEqual({ status: 201, data: first?.data });
    expect(replies.filter((reply) => reply.headers['idempotency-replayed'] === undefined)).toHaveLength(1);
  });

  it('of 100 updates with one If-Match exactly one wins', async () => {
    const { id } = await owner.do('tasks.create', { title: 'Contested' });
    const headers = { 'if-match': '"1"' };
    const replies = await times(100, (index) =>
      scene.callAs(owner, index % 2 ? 'rest' : 'trpc', 'tasks.update', { id, title: `Winner ${index}` }, headers),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ problem }) => problem?.code === 'version_conflict')).toHaveLength(99);
    const won = replies.find(({ status }) => status === 200)?.data;
    expect(await owner.do('tasks.get', { id })).toEqual(won);
    expect(won).toMatchObject({ version: 2 });
  });

  it('100 clients that read, patch with If-Match and retry on 412 make exactly 100 steps', async () => {
    const { id } = await owner.do('tasks.create', { title: 'Counted', estimatedHours: 0 });
    await times(100, async () => {
      for (let attempt = 1; ; attempt++) {
        const { version, estimatedHours } = await owner.do('tasks.get', { id });
        const input = { id, estimatedHours: (estimatedHours ?? 0) + 1 };
        const reply = await scene.callAs(owner, 'rest', 'tasks.update', input, { 'if-match': `"${version}"` });
        if (reply.status === 200) return;
        expect(reply.problem?.code).toBe('version_conflict');
        await delay(Math.random() * Math.min(50 * 2 ** attempt, 4000));
      }
    });
    expect(await owner.do('tasks.get', { id })).toMatchObject({
      version: 101,
      estimatedHours: 100,
    } satisfies Partial<Task>);
    const { data } = await owner.do('tasks.listActivity', { id, limit: 100 });
    const versions = data.flatMap((event) => (event.type === 'task.updated' ? [Number(event.data['version'])] : []));
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
  }, 90_000);
});
