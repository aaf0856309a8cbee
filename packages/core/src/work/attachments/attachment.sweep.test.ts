import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { dialects, storedFiles, testFile, TestClock, type TestMember } from '../../testing/index.ts';
import { openSuite } from '../../testing/suite.ts';
import { createTask, deleteAttachment, deleteTask, getAttachment, uploadAttachment } from '../index.ts';

const day = 86_400_000;

describe.each(dialects)('the sweep of files on %s', (dialect) => {
  const clock = new TestClock(new Date());
  const suite = openSuite(dialect, { clock });
  let owner: TestMember;

  beforeAll(async () => {
    ({ owner } = suite);
  });

  const run = async (kind: string) => {
    await suite.runJob(kind);
    return readThroughSystemDoor(suite.platform.database, async (db) => {
      const rows = await db.selectFrom('jobs').select(['kind', 'status', 'result', 'created_at']).execute();
      const last = rows
        .filter((row) => row.kind === kind)
        .toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1))[0];
      expect(last?.status).toBe('done');
      return last?.result;
    });
  };
  const aTask = () => createTask(owner.ctx(), { title: 'Count the crates' });
  const attach = (id: string) => uploadAttachment(owner.ctx(), { taskId: id }, testFile());
  const bytesUsed = () =>
    readThroughSystemDoor(suite.platform.database, async (db) => {
      const total = await db
        .selectFrom('attachment_totals')
        .select('bytes')
        .where('organization_id', '=', suite.acme.id)
        .executeTakeFirst();
      return total?.bytes ?? 0;
    });
  const isStored = (id: string) => storedFiles(suite.platform).some((path) => path.endsWith(id));
  const age = (id: string, ms: number) => {
    const [path = ''] = storedFiles(suite.platform).filter((file) => file.endsWith(id));
    utimesSync(path, new Date(Date.now() - ms), new Date(Date.now() - ms));
  };

  it('deletes what has been in the trash for 30 days, with its file', async () => {
    const task = await aTask();
    const [kept, old] = [await attach(task.id), await attach(task.id)];
    await deleteAttachment(owner.ctx(), old);
    const used = await bytesUsed();
    await run('attachments.purge');
    expect(isStored(old.id)).toBe(true);
    const began = clock.now();
    clock.advance(30 * day);
    await run('attachments.purge');
    clock.set(began);
    expect(isStored(old.id)).toBe(false);
    expect(isStored(kept.id)).toBe(true);
    expect(await bytesUsed()).toBe(used - old.size);
    await getAttachment(owner.ctx(), kept);
  });

  it('deletes the file of a task that was deleted for ever, and counts again', async () => {
    const [task, other] = [await aTask(), await aTask()];
    const [gone, kept] = [await attach(task.id), await attach(other.id)];
    const used = await bytesUsed();
    await deleteTask(owner.ctx(), { id: task.id, permanent: true });
    for (const { id } of [gone, kept]) age(id, 2 * day);
    expect(await run('attachments.sweep')).toMatchObject({ orphans: 1, missing: 0 });
    expect([isStored(gone.id), isStored(kept.id)]).toEqual([false, true]);
    expect(await bytesUsed()).toBe(used - gone.size);
  });

  it('leaves a young file, and deletes an old one of which nothing is known', async () => {
    const folder = join(suite.platform.settings.dataDirectory, 'uploads');
    const [young, old, draft] = [
      `attachments/${suite.acme.id}/${uuidv7()}`,
      `attachments/${uuidv7()}/${uuidv7()}`,
      `unfinished/${uuidv7()}`,
    ];
    for (const key of [young, old, draft]) {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), 'x');
    }
    for (const key of [old, draft]) age(key, 2 * day);
    expect(await run('attachments.sweep')).toMatchObject({ orphans: 2 });
    expect([young, old, draft].map(isStored)).toEqual([true, false, false]);
  });

  it('tells which attachments have no file', async () => {
    const attachment = await attach((await aTask()).id);
    const [path = ''] = storedFiles(suite.platform).filter((file) => file.endsWith(attachment.id));
    rmSync(path);
    clock.advance(1000);
    expect(await run('attachments.sweep')).toMatchObject({ missing: 1 });
  });
});
