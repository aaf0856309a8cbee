import { randomUUID } from 'node:crypto';
import { Job } from '@tenon/core';
import { seedTree } from '@tenon/core/testing';
import { describe, expect, it } from 'vitest';
import { scenes } from '../contract/testing/cases.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';
import { useScene } from '../contract/testing/suite.ts';
import { surfaces } from '../contract/testing/wire.ts';

describe.each(scenes)('what takes long on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  /** A tree of 601 tasks. */
  const plant = () => seedTree(scene.platform, { ...scene.acme, owner }, { size: 600 });
  const remove = (surface: 'rest' | 'trpc', id: string, headers = {}) =>
    scene.callAs(owner, surface, 'tasks.delete', { id }, headers);

  it('is answered 202 with a job and its Location', async () => {
    const id = await plant();
    const { status, data, headers } = await remove('rest', id);
    const job = Job.parse(data);
    expect({ status, location: headers['location'] }).toEqual({ status: 202, location: `/api/v1/jobs/${job.id}` });
    expect(job).toMatchObject({ kind: 'tasks.delete', status: 'waiting' });
    await scene.platform.runDueJobs();
    for (const surface of surfaces) {
      const read = await scene.callAs(owner, surface, 'jobs.get', { id: job.id });
      expect(read.data).toMatchObject({ id: job.id, status: 'done', progress: 100, result: { deleted: 601 } });
    }
    const restored = await scene.callAs(owner, 'rest', 'tasks.restore', { id });
    expect(restored.status).toBe(202);
    expect(Job.parse(restored.data).kind).toBe('tasks.restore');
    expect(restored.headers).not.toHaveProperty('etag');
  });

  it('is answered with the job over tRPC', async () => {
    const { status, data } = await remove('trpc', await plant());
    expect({ status, kind: Job.parse(data).kind }).toEqual({ status: 200, kind: 'tasks.delete' });
  });

  it('is replayed for its Idempotency-Key', async () => {
    const [id, key] = [await plant(), randomUUID()];
    const [first, again] = [
      await remove('rest', id, { 'idempotency-key': key }),
      await remove('rest', id, { 'idempotency-key': key }),
    ];
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect([again.status, again.headers['location']]).toEqual([202, first.headers['location']]);
    expect(again.data).toEqual(first.data);
  });

  it('is only described by a dry run', async () => {
    const id = await plant();
    const { status, data } = await remove('rest', id, { 'dry-run': 'true' });
    expect(status).toBe(200);
    expect(data).toMatchObject({
      dryRun: true,
      result: { kind: 'tasks.delete', status: 'waiting' },
      events: [{ type: 'task.deleted', entity: { id } }],
    });
    expect(await owner.do('tasks.get', { id })).toMatchObject({ id, deletedAt: null });
  });

  it('compares If-Match before it begins', async () => {
    const id = await plant();
    expect((await remove('rest', id, { 'if-match': '"7"' })).problem).toMatchObject({ code: 'version_conflict' });
    expect((await remove('rest', id, { 'if-match': '"1"' })).status).toBe(202);
  });
});
