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

/** A slot that stands in several places of a statement is one parameter: a list of ids is written, sent and parsed once. */
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

/** A client of the pool. Its type leaves out where it writes to, and which named statements it believes the server knows. */
type SocketClient = pg.PoolClient & {
  readonly connection: pg.Connection &
    Record<'parsedStatements' | 'submittedNamedStatements', Record<string, string | undefined>>;
};

/** How many statements a connection keeps prepared. The server keeps a plan of each, of about 50 kB. */
export const mostPrepared = 500;

/** The statements that one connection has prepared: those that were used last. */
class PreparedStatements {
  readonly #connection: SocketClient['connection'];
  /** Names by text. The text that was used last comes last. */
  readonly #names = new Map<string, string>();
  /** A name is never used for another text: the server may still be working with the old one. */
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

  /** Frees the name on the server too, with the message that comes next. */
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

/** A client of the pool, and what is known of it from one transaction to the next. */
export class Session {
  readonly connection: Connection;
  readonly #client: SocketClient;
  readonly #prepared: PreparedStatements;
  /** Whether a read is over whose `commit` was not sent yet. */
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
    if (this.#committing) throw new Error('A statement was to follow the commit.');
    this.#cork();
    const { fields, rows, rowCount } = await this.#client.query<unknown[]>({
      text: sql,
      values: parameters.map(encode),
      rowMode: 'array',
      ...(parameters.length > 0 && { name: this.#prepared.nameOf(sql) }),
    });
    return { columns: fields.map((field) => field.name), rows, written: rowCount ?? 0 };
  }

  /** What is sent before anybody waits for an answer leaves in one packet, which wakes the server once. */
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
   * One message. Should it fail, the first statements, which leave with it, fail too, or run as the request role in no scope, which
   * sees and writes nothing.
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

  /** @throws when a statement has failed whose error nobody passed on: then nothing was committed */
  async commit(): Promise<void> {
    if (!this.#committing) this.#sendCommit();
    const ended = await this.#committing;
    if (ended?.command !== 'COMMIT')
      throw new Error('The transaction was rolled back, because a statement had failed.');
    this.#committing = null;
    this.#client.release();
  }

  /** Ends a read. There is nothing to lose in it, so its `commit` goes with the next `begin`, or alone where none follows at once. */
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
    // A `commit` that was sent rolls back, because a statement before it has failed.
    const ended = this.#committing ?? this.#client.query('rollback');
    this.#committing = null;
    await ended.then(
      () => this.#client.release(),
      (error: Error) => this.#client.release(error),
    );
  }
}
