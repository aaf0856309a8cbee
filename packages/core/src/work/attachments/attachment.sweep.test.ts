import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { enqueue } from '../../jobs/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  storedFiles,
  testFile,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous } from '../../testing/people.ts';
import { createTask, deleteAttachment, deleteTask, getAttachment, uploadAttachment } from '../index.ts';

const day = 86_400_000;

describe.each(dialects)('the sweep of files on %s', (dialect) => {
  const clock = new TestClock(new Date());
  let platform: TestPlatform;
  let acme: TestOrganization;
  let owner: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    acme = await createOrganization(platform);
    ({ owner } = acme);
  });
  afterAll(() => platform.dispose());

  const run = async (kind: string) => {
    const id = await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, kind, {}));
    await platform.runDueJobs();
    return readThroughSystemDoor(platform.database, async (db) => {
      const rows = await db.selectFrom('jobs').select(['kind', 'status', 'result', 'created_at']).execute();
      const last = rows
        .filter((row) => row.kind === kind)
        .toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1))[0];
      expect(id === undefined || last?.status === 'done').toBe(true);
      return last?.result;
    });
  };
  const aTask = () => createTask(owner.ctx(), { title: 'Count the crates' });
  const attach = (id: string) => uploadAttachment(owner.ctx(), { id }, testFile());
  const bytesUsed = () =>
    readThroughSystemDoor(platform.database, async (db) => {
      const total = await db
        .selectFrom('attachment_totals')
        .select('bytes')
        .where('organization_id', '=', acme.id)
        .executeTakeFirst();
      return total?.bytes ?? 0;
    });
  const isStored = (id: string) => storedFiles(platform).some((path) => path.endsWith(id));
  const age = (id: string, ms: number) => {
    const [path = ''] = storedFiles(platform).filter((file) => file.endsWith(id));
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
    const folder = join(platform.settings.dataDirectory, 'uploads');
    const [young, old, draft] = [
      `attachments/${acme.id}/${uuidv7()}`,
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
    const [path = ''] = storedFiles(platform).filter((file) => file.endsWith(attachment.id));
    rmSync(path);
    clock.advance(1000);
    expect(await run('attachments.sweep')).toMatchObject({ missing: 1 });
  });
});
