import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { BareKysely, Connection, Engine, RawRows } from './engine.ts';
import { Memo } from '../kernel/memo.ts';
import { isBusy } from './failures.ts';
import { connectionOf } from './single-connection.ts';

/** How many prepared statements a connection keeps: better-sqlite3 itself caches none. */
const statementLimit = 500;
/** How long a write waits for another process's transaction before it is answered 503. */
const busyLimitMs = 5000;

/** Dates are milliseconds, booleans 0 and 1, arrays JSON for `json_each`. */
function encode(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'object') return value === undefined ? null : value;
  if (value instanceof Date) return value.getTime();
  return Array.isArray(value) ? JSON.stringify(value) : value;
}

interface Prepared {
  statement: Database.Statement;
  /** Empty where it answers no rows. */
  columns: readonly string[];
}

class SqliteConnection {
  readonly #database: Database.Database;
  readonly #prepared = new Memo<string, Prepared>(statementLimit);

  constructor(database: Database.Database) {
    this.#database = database;
  }

  #prepare(sql: string): Prepared {
    const statement = this.#database.prepare(sql);
    if (!statement.reader) return { statement, columns: [] };
    return { statement: statement.raw(), columns: statement.columns().map(({ name }) => name) };
  }

  /** Statements with parameters are few and come again; the others are begin, pragma and their like. */
  #preparedFor(sql: string, parameters: readonly unknown[]): Prepared {
    if (parameters.length === 0) return this.#prepare(sql);
    return this.#prepared.get(sql, () => this.#prepare(sql));
  }

  execute(sql: string, parameters: readonly unknown[]): RawRows {
    const { statement, columns } = this.#preparedFor(sql, parameters);
    const values = parameters.map(encode);
    if (statement.reader) return { columns, rows: statement.all(...values) as unknown[][], written: 0 };
    return { columns, rows: [], written: statement.run(...values).changes };
  }
}

/** How long statements may follow each other before the event loop gets its turn. */
const turnMs = 10;

/**
 * Lets the event loop run between the statements of a long transaction, or of many short ones in a row. Statements are synchronous
 * and their promises run as microtasks, so nothing else would run until the last of them.
 */
class Pace {
  /** When the first statement of this turn of the event loop began. */
  #since: number | null = null;

  /** What to wait for before the next statement: the next turn when this one has lasted long enough. */
  keep(): Promise<void> | undefined {
    if (this.#since !== null) return performance.now() - this.#since > turnMs ? this.#next() : undefined;
    this.#since = performance.now();
    setImmediate(() => (this.#since = null));
    return undefined;
  }

  async #next(): Promise<void> {
    await nextTurn();
    await this.keep();
  }
}

const dialect = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: BareKysely) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

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

/**
 * Opens the file of a migrated database in WAL mode with one writer and one reader connection: reads do not wait for a write transaction.
 * `synchronous = normal` survives the death of the process; a power cut may lose the last commits, never the file.
 */
export async function openSqlite(file: string): Promise<Engine> {
  const open = (readonly: boolean) => {
    const database = new Database(file, { readonly, timeout: 0, fileMustExist: true });
    if (!readonly) database.pragma('journal_mode = wal');
    for (const pragma of ['synchronous = normal', 'foreign_keys = on', 'cache_size = -65536', 'mmap_size = 268435456'])
      database.pragma(pragma);
    return database;
  };
  // Another process may be opening it too, and the mode is changed by one alone.
  const writer = await whenFree(() => open(false));
  const reader = await whenFree(() => open(true));
  const pace = new Pace();
  const connect = (database: Database.Database): Connection => {
    const connection = new SqliteConnection(database);
    return connectionOf(dialect, async (sql, parameters) => {
      const turn = pace.keep();
      if (turn) await turn;
      return connection.execute(sql, parameters);
    });
  };
  const writing = connect(writer);
  const reading = connect(reader);
  const [beginImmediate, commit] = ['begin immediate', 'commit'].map((sql) => writer.prepare(sql));

  const begin = () => whenFree(() => beginImmediate?.run());
  // A file that this user may not write is opened all the same. Better it is said now than at the first write.
  await begin();
  writer.exec('rollback');

  let last: Promise<unknown> = Promise.resolve();

  return {
    dialect: 'sqlite',
    read: (_scope, work) => work(reading),
    write<T>(_scope: unknown, work: (connection: Connection) => Promise<T>): Promise<T> {
      const turn = last.then(async () => {
        await begin();
        try {
          const result = await work(writing);
          commit?.run();
          return result;
        } catch (error) {
          if (writer.inTransaction) writer.exec('rollback');
          throw error;
        }
      });
      last = turn.catch(() => {});
      return turn;
    },
    async ping() {
      reader.prepare('select 1').get();
    },
    async close() {
      await last;
      reader.close();
      writer.close();
    },
  };
}
