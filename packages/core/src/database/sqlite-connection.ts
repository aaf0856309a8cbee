import type Database from 'better-sqlite3';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { Memo } from '../kernel/memo.ts';
import type { BareKysely, Connection, RawRows } from './engine.ts';
import type { Pace } from './pace.ts';
import { connectionOf } from './single-connection.ts';

/** How many prepared statements a connection keeps: better-sqlite3 itself caches none. */
const statementLimit = 500;

const dialect = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: BareKysely) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

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

/** One connection to the file, with its prepared statements. */
export class SqliteConnection {
  readonly #database: Database.Database;
  readonly #pace: Pace;
  readonly #prepared = new Memo<string, Prepared>(statementLimit);

  constructor(database: Database.Database, pace: Pace) {
    this.#database = database;
    this.#pace = pace;
  }

  /**
   * Makes what work runs its statements on.
   * @param check is called before each statement, and throws when it may not run
   */
  open(check: () => void = () => {}): Connection {
    return connectionOf(dialect, async (sql, parameters) => {
      const turn = this.#pace.keep();
      if (turn) await turn;
      check();
      return this.#execute(sql, parameters);
    });
  }

  #prepare(sql: string): Prepared {
    const statement = this.#database.prepare(sql);
    if (!statement.reader) return { statement, columns: [] };
    return { statement: statement.raw(), columns: statement.columns().map(({ name }) => name) };
  }

  /** The same statements with parameters run again and again. Those without are few, such as pragmas. */
  #preparedFor(sql: string, parameters: readonly unknown[]): Prepared {
    if (parameters.length === 0) return this.#prepare(sql);
    return this.#prepared.get(sql, () => this.#prepare(sql));
  }

  #execute(sql: string, parameters: readonly unknown[]): RawRows {
    const { statement, columns } = this.#preparedFor(sql, parameters);
    const values = parameters.map(encode);
    if (statement.reader) return { columns, rows: statement.all(...values) as unknown[][], written: 0 };
    return { columns, rows: [], written: statement.run(...values).changes };
  }
}
