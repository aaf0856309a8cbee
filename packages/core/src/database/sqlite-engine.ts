import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Checkpoints } from './checkpoints.ts';
import type { Engine } from './engine.ts';
import { isBusy } from './failures.ts';
import { Pace } from './pace.ts';
import type { TypeOfColumn } from './sqlite-compiler.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { WriteGroups } from './write-groups.ts';

/** How many milliseconds a write waits for another process's transaction before it is answered 503. */
const busyLimitMs = 5000;

/**
 * What a commit survives. `normal`: the end of the process. A power cut may lose the last commits, but never damages the file. `full`: a
 * power cut too. It costs one fsync for each commit.
 */
export type Synchronous = 'normal' | 'full';

/** Runs work again while another process has the write lock. A busy_timeout would block the event loop, so the wait is ours. */
async function whenFree<T>(work: () => T, limitMs = busyLimitMs): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await delay(wait * (0.5 + Math.random()));
    }
  }
}

const pragmas = ['foreign_keys = on', 'cache_size = -32768'];

const writerPragmas = [
  'journal_mode = wal',
  // Otherwise SQLite writes what a savepoint needs for its rollback to a temporary file.
  'temp_store = memory',
  // `Checkpoints` makes checkpoints off the event loop. A log that a large transaction has made longer shrinks to this size again.
  'wal_autocheckpoint = 0',
  'journal_size_limit = 67108864',
];

/**
 * Opens the file of a migrated database in WAL mode with one writer and one reader connection: reads do not wait for a write transaction.
 * Writes that wait at the same time are committed together. Each connection caches 32 MB of pages. The file is not mapped into memory,
 * because that makes reading a row only 0.4 µs faster and takes as much memory as the file is large.
 */
export async function openSqlite(
  file: string,
  typeOf: TypeOfColumn,
  synchronous: Synchronous = 'normal',
): Promise<Engine> {
  const open = (readonly: boolean) => {
    const database = new Database(file, { readonly, timeout: 0, fileMustExist: true });
    const set = readonly ? pragmas : [...writerPragmas, ...pragmas, `synchronous = ${synchronous}`];
    for (const pragma of set) database.pragma(pragma);
    return database;
  };
  // Another process may be opening it too, and the mode is changed by one alone.
  const writer = await whenFree(() => open(false));
  const reader = await whenFree(() => open(true));
  const pace = new Pace();
  const reading = new SqliteConnection(reader, typeOf, pace).open();
  const beginImmediate = writer.prepare('begin immediate');
  const checkpoints = new Checkpoints(writer);
  const begin = async () => {
    await checkpoints.pause;
    await whenFree(() => beginImmediate.run());
  };
  // SQLite opens a file even if this user may not write to it. An error now is better than one at the first write.
  await begin();
  writer.exec('rollback');

  const writes = new WriteGroups({
    database: writer,
    connection: new SqliteConnection(writer, typeOf, pace),
    begin,
    afterTransaction: () => checkpoints.afterTransaction(),
  });

  return {
    dialect: 'sqlite',
    read: (_scope, work) => work(reading),
    write: (scope, work) => writes.write(scope.long === true, work),
    listen: () => () => {},
    async ping() {
      reader.prepare('select 1').get();
    },
    async close() {
      await writes.idle();
      await checkpoints.idle();
      reader.close();
      // When the last connection is closed, SQLite moves the rest of the log into the file and deletes the log.
      writer.close();
    },
  };
}
