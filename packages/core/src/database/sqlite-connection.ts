import type Database from 'better-sqlite3';
import { SqliteAdapter, SqliteIntrospector } from 'kysely';
import { Memo } from '../kernel/memo.ts';
import type { BareKysely, Connection, RawRows } from './engine.ts';
import type { Pace } from './pace.ts';
import { connectionOf } from './single-connection.ts';
import { SqliteCompiler, type TypeOfColumn } from './sqlite-compiler.ts';
import { decoderOf, encode, hexMark } from './sqlite-values.ts';

/** How many prepared statements a connection keeps: better-sqlite3 itself caches none. */
const statementLimit = 500;

const dialectOf = (typeOf: TypeOfColumn) => ({
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: BareKysely) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteCompiler(typeOf),
});

interface Prepared {
  statement: Database.Statement;
  /** Empty when the statement returns no rows. */
  columns: readonly string[];
  /** The columns that must be decoded, because they contain ids. */
  decoders: readonly { at: number; decode: (value: unknown) => unknown }[];
}

/** One connection to the file, with its prepared statements. */
export class SqliteConnection {
  readonly #database: Database.Database;
  readonly #dialect: ReturnType<typeof dialectOf>;
  readonly #pace: Pace;
  readonly #prepared = new Memo<string, Prepared>(statementLimit);

  constructor(database: Database.Database, typeOf: TypeOfColumn, pace: Pace) {
    this.#database = database;
    this.#dialect = dialectOf(typeOf);
    this.#pace = pace;
  }

  /**
   * Returns the connection on which some work runs its statements.
   * @param check is called before each statement, and throws when the statement may not run
   */
  open(check: () => void = () => {}): Connection {
    return connectionOf(this.#dialect, async (sql, parameters) =>
      this.#pace.run(() => {
        check();
        return this.#execute(sql, parameters);
      }),
    );
  }

  #prepare(sql: string): Prepared {
    const statement = this.#database.prepare(sql);
    if (!statement.reader) return { statement, columns: [], decoders: [] };
    const columns = statement.columns();
    return {
      statement: statement.raw(),
      columns: columns.map(({ name }) => (name.endsWith(hexMark) ? name.slice(0, -hexMark.length) : name)),
      decoders: columns.flatMap(({ name, type }, at) => {
        const decode = decoderOf(name, type);
        return decode ? [{ at, decode }] : [];
      }),
    };
  }

  /** Keeps statements with parameters, because the same ones run again and again. Those without are few, such as pragmas. */
  #preparedFor(sql: string, parameters: readonly unknown[]): Prepared {
    if (parameters.length === 0) return this.#prepare(sql);
    return this.#prepared.get(sql, () => this.#prepare(sql));
  }

  #execute(sql: string, parameters: readonly unknown[]): RawRows {
    const { statement, columns, decoders } = this.#preparedFor(sql, parameters);
    const values = parameters.map(encode);
    if (!statement.reader) return { columns, rows: [], written: statement.run(...values).changes };
    const rows = statement.all(...values) as unknown[][];
    for (const { at, decode } of decoders) for (const row of rows) row[at] = decode(row[at]);
    return { columns, rows, written: 0 };
  }
}
