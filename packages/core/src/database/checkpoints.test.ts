import { copyFileSync, existsSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoints } from './checkpoints.ts';
import { requestScope } from './scope.ts';
import { openSqlite } from './sqlite-engine.ts';

describe('the log of a SQLite file', () => {
  let directory: string;
  let file: string;
  let writer: Sqlite.Database;
  let checkpoints: Checkpoints;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tenon-checkpoints-'));
    file = join(directory, 'test.db');
    writer = new Sqlite(file, { timeout: 0 });
    writer.pragma('journal_mode = wal');
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec('create table items (text)');
    checkpoints = new Checkpoints(writer, { due: 100, again: 50, most: 200 });
  });
  afterEach(async () => {
    await checkpoints.idle();
    writer.close();
    rmSync(directory, { recursive: true });
  });

  const pagesOf = (database: Sqlite.Database) => {
    const [log] = database.pragma('wal_checkpoint(noop)') as { log: number }[];
    return log?.log ?? 0;
  };
  const write = async () => {
    await checkpoints.pause;
    writer.prepare('insert into items values (?)').run('x'.repeat(3000));
    checkpoints.afterTransaction();
  };
  const writeMany = async (count: number) => {
    let most = 0;
    for (let times = 0; times < count; times++) {
      await write();
      most = Math.max(most, pagesOf(writer));
    }
    return most;
  };
  /** How many rows the file has without its log. */
  const rowsInFile = () => {
    const copy = join(directory, 'copy.db');
    copyFileSync(file, copy);
    const database = new Sqlite(copy);
    const count = database.prepare('select count(*) from items').pluck().get();
    database.close();
    return count;
  };

  it('is moved into the file when it is due, and then starts from its beginning', async () => {
    await writeMany(120);
    await checkpoints.idle();
    expect(rowsInFile()).toBeGreaterThan(30);
    await write();
    expect(pagesOf(writer)).toBeLessThan(100);
  });

  it('stays within its limit, however fast writes follow each other', async () => {
    expect(await writeMany(500)).toBeLessThanOrEqual(205);
    await checkpoints.idle();
  });

  it('is moved later when a reader prevents it from starting from its beginning', async () => {
    const reader = new Sqlite(file, { readonly: true });
    reader.exec('begin');
    reader.prepare('select count(*) from items').get();
    expect(await writeMany(150)).toBeGreaterThan(400);
    reader.exec('rollback');
    reader.close();
    expect(await writeMany(100)).toBeGreaterThan(400);
    await checkpoints.idle();
    await write();
    expect(pagesOf(writer)).toBeLessThan(100);
    expect(rowsInFile()).toBeGreaterThan(200);
  });

  it('is left to SQLite when the thread cannot work', async () => {
    unlinkSync(file);
    await writeMany(120);
    await checkpoints.idle();
    expect(writer.pragma('wal_autocheckpoint', { simple: true })).toBe(1000);
    await write();
  });

  it('is gone when the engine is closed', async () => {
    writer.close();
    const engine = await openSqlite(file, () => undefined);
    for (let times = 0; times < 20; times++) {
      await engine.write(requestScope(null), (to) => to.execute('insert into items values (?)', ['text']));
      await nextTurn();
    }
    expect(existsSync(`${file}-wal`)).toBe(true);
    await engine.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    writer = new Sqlite(file);
    expect(rowsInFile()).toBe(20);
  });

  it.each([
    ['normal', 1],
    ['full', 2],
  ] as const)('is written to disk with synchronous = %s when the setting says so', async (synchronous, level) => {
    const engine = await openSqlite(file, () => undefined, synchronous);
    const rows = await engine.write(requestScope(null), (to) => to.execute('pragma synchronous', []));
    expect(rows).toMatchObject({ rows: [[level]] });
    await engine.close();
  });
});
