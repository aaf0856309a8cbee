import type pg from 'pg';
import {
  type CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryId,
  type RootOperationNode,
} from 'kysely';
import type { BareKysely, Connection, RawRows } from './engine.ts';
import { connectionOf } from './single-connection.ts';
import { Slot } from './statement.ts';
import { untyped } from './typed-value.ts';

/** Makes one parameter of a slot that a statement uses several times, so that a list of ids is written, sent and parsed once. */
class SlotCompiler extends PostgresQueryCompiler {
  readonly #placeholders = new Map<Slot, string>();

  override compileQuery(node: RootOperationNode, queryId: QueryId): CompiledQuery {
    this.#placeholders.clear();
    return super.compileQuery(node, queryId);
  }

  protected override appendValue(given: unknown): void {
    const value = untyped(given);
    const known = value instanceof Slot && this.#placeholders.get(value);
    if (known) return this.append(known);
    super.appendValue(value);
    if (value instanceof Slot) this.#placeholders.set(value, this.getCurrentParameterPlaceholder());
  }
}

const dialect = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db: BareKysely) => new PostgresIntrospector(db),
  createQueryCompiler: () => new SlotCompiler(),
};

/** A client of the pool. Its public type lacks the socket that it writes to, and the named statements that it believes the server knows. */
type SocketClient = pg.PoolClient & {
  readonly connection: pg.Connection &
    Record<'parsedStatements' | 'submittedNamedStatements', Record<string, string | undefined>>;
};

/** How many statements a connection keeps prepared. For each, PostgreSQL keeps a plan of about 50 kB. */
export const mostPrepared = 500;

/** The prepared statements of one connection. It keeps those that were used last. */
class PreparedStatements {
  readonly #connection: SocketClient['connection'];
  /** Names by the text of the statement. The one that was used last comes last. */
  readonly #names = new Map<string, string>();
  /** The number of names so far. A name is never used again, because PostgreSQL may still be working with its old text. */
  #named = 0;

  constructor(connection: SocketClient['connection']) {
    this.#connection = connection;
  }

  nameOf(sql: string): string {
    const name = this.#names.get(sql) ?? `t${++this.#named}`;
    this.#names.delete(sql);
    this.#names.set(sql, name);
    if (this.#names.size > mostPrepared) this.#forgetOldest();
    return name;
  }

  /** PostgreSQL frees the name too: the request for it leaves with the next message. */
  #forgetOldest(): void {
    for (const [sql, name] of this.#names) {
      this.#names.delete(sql);
      this.#connection.close({ type: 'S', name }, false);
      delete this.#connection.parsedStatements[name];
      delete this.#connection.submittedNamedStatements[name];
      return;
    }
  }
}

const encode = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

/** A client of the pool, with what must be remembered from one of its transactions to the next. */
export class Session {
  readonly connection: Connection;
  readonly #client: SocketClient;
  readonly #prepared: PreparedStatements;
  /** Whether a read has ended and its `commit` was not sent yet. */
  #uncommitted = false;
  #corked = false;
  /** The `commit` that was sent with the last statements. */
  #committing: Promise<pg.QueryResult> | null = null;

  constructor(client: pg.PoolClient) {
    this.#client = client as SocketClient;
    this.#prepared = new PreparedStatements(this.#client.connection);
    this.connection = {
      ...connectionOf(dialect, (sql, parameters) => this.#execute(sql, parameters)),
      sendCommit: () => this.#sendCommit(),
    };
  }

  async #execute(sql: string, parameters: readonly unknown[]): Promise<RawRows> {
    if (this.#committing) throw new Error('A statement must not follow the commit.');
    this.#cork();
    const { fields, rows, rowCount } = await this.#client.query<unknown[]>({
      text: sql,
      values: parameters.map(encode),
      rowMode: 'array',
      ...(parameters.length > 0 && { name: this.#prepared.nameOf(sql) }),
    });
    return { columns: fields.map((field) => field.name), rows, written: rowCount ?? 0 };
  }

  /** Collects what is sent in this turn into one packet, which wakes PostgreSQL once. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  /**
   * Begins a transaction with one message. The first statements leave with it. If it fails, they fail too, or run as the request role
   * without a scope, which sees and writes nothing.
   */
  begin(mode: 'read only' | 'read write', enterScope: string): Promise<unknown> {
    this.#cork();
    const before = this.#uncommitted ? 'commit; ' : '';
    this.#uncommitted = false;
    const begun = this.#client.query(`${before}begin ${mode}; ${enterScope}`);
    begun.catch(() => {});
    return begun;
  }

  #sendCommit(): void {
    this.#cork();
    this.#committing = this.#client.query('commit');
    this.#committing.catch(() => {});
  }

  /** @throws when the transaction was rolled back, because a statement had failed and its error was ignored */
  async commit(): Promise<void> {
    if (!this.#committing) this.#sendCommit();
    const ended = await this.#committing;
    if (ended?.command !== 'COMMIT')
      throw new Error('The transaction was rolled back, because a statement had failed.');
    this.#committing = null;
    this.#client.release();
  }

  /** Ends a read. It has nothing to lose, so its `commit` leaves with the next `begin`, or alone when none follows in this turn. */
  endRead(): void {
    this.#uncommitted = true;
    this.#client.release();
    setImmediate(() => {
      if (!this.#uncommitted) return;
      this.#uncommitted = false;
      this.#client.query('commit').catch(() => {});
    });
  }

  async rollback(): Promise<void> {
    // If `commit` was already sent, PostgreSQL rolls back there, because a statement before it has failed.
    const ended = this.#committing ?? this.#client.query('rollback');
    this.#committing = null;
    await ended.then(
      () => this.#client.release(),
      (error: Error) => this.#client.release(error),
    );
  }
}
