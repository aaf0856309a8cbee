import pg from 'pg';
import {
  type CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryId,
  type RootOperationNode,
} from 'kysely';
import type { BareKysely, Connection, Engine, RawRows } from './engine.ts';
import { StartError } from '../kernel/start.ts';
import { connectionOf } from './single-connection.ts';
import { databaseRoles, type DatabaseScope, enterScopeSql } from './scope.ts';
import { Slot } from './statement.ts';
import { untyped } from './typed-value.ts';

/** Names for prepared statements, the same on every connection. Past the limit statements run unprepared. */
const statementNames = new Map<string, string>();
const statementLimit = 1000;

function statementName(sql: string): string | undefined {
  const known = statementNames.get(sql);
  if (known || statementNames.size >= statementLimit) return known;
  const name = `t${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}

const encode = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

async function execute(client: pg.ClientBase, sql: string, parameters: readonly unknown[]): Promise<RawRows> {
  const name = parameters.length > 0 ? statementName(sql) : undefined;
  const { fields, rows, rowCount } = await client.query<unknown[]>({
    text: sql,
    values: parameters.map(encode),
    rowMode: 'array',
    ...(name ? { name } : {}),
  });
  return { columns: fields.map((field) => field.name), rows, written: rowCount ?? 0 };
}

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

/** A client of the pool: its type leaves out where it writes to. */
type SocketClient = pg.PoolClient & Pick<pg.Client, 'connection'>;

/** A client of the pool, and what is known of it from one transaction to the next. */
class Session {
  readonly connection: Connection;
  readonly #client: SocketClient;
  /** Whether a read is over whose `commit` was not sent yet. */
  #uncommitted = false;

  constructor(client: SocketClient) {
    this.connection = connectionOf(dialect, (sql, parameters) => execute(client, sql, parameters));
    this.#client = client;
  }

  /**
   * One message, and the first statements leave with it, in one packet that wakes the server once. Should it fail, they fail too,
   * or run as the request role in no scope, which sees and writes nothing.
   */
  begin(mode: 'read only' | 'read write', enterScope: string): Promise<unknown> {
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
    const before = this.#uncommitted ? 'commit; ' : '';
    this.#uncommitted = false;
    const begun = this.#client.query(`${before}begin ${mode}; ${enterScope}`);
    begun.catch(() => {});
    return begun;
  }

  async commit(): Promise<void> {
    await this.#client.query('commit');
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
    await this.#client.query('rollback').then(
      () => this.#client.release(),
      (error: Error) => this.#client.release(error),
    );
  }
}

/** Dates, numbers and JSON arrive as PostgreSQL writes them; the read codecs make what the schemas say. */
const rawText = new Set([pg.types.builtins.TIMESTAMPTZ, pg.types.builtins.TIMESTAMP, pg.types.builtins.DATE]);
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (rawText.has(oid)) return (text: string) => text;
    if (oid === pg.types.builtins.INT8) return Number;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

const sessionSettings = [
  'timezone=UTC',
  'lock_timeout=10s',
  'idle_in_transaction_session_timeout=30s',
  'statement_timeout=30s',
  'plan_cache_mode=force_generic_plan',
];

export interface PostgresOptions {
  url: string;
  /** @default 10 */
  poolSize?: number;
  /** Told of connections that the server closed; the pool replaces them. */
  onConnectionError?: (error: Error) => void;
}

/**
 * The walls of the database hold only against a role that they apply to.
 * @throws when the role that connections act as could pass them
 */
async function refusePowerfulRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string; superuser: boolean; bypass: boolean; owner: boolean }>(
    `select rolname as role, rolsuper as superuser, rolbypassrls as bypass,
       exists (select 1 from pg_tables where schemaname = 'public' and tableowner = rolname) as owner
     from pg_roles where rolname = current_user`,
  );
  const [found] = rows;
  if (!found || found.superuser || found.bypass || found.owner)
    throw new StartError(
      `The database role ${found?.role ?? '(unknown)'} is a superuser, bypasses row-level security or owns tables: ` +
        `run "tenon migrate", which creates ${databaseRoles.request} and lets the login of DATABASE_URL act as it.`,
    );
}

// oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for the promise; its type does not say so
const actAsRequestRole: (client: pg.ClientBase) => void = (client) => client.query(`set role ${databaseRoles.request}`);

/**
 * Opens a pool whose connections act as the request role, which owns nothing and sees no row until its transaction names an
 * organization or a user.
 */
export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    application_name: 'tenon',
    // Statements that do not wait for each other's answers travel together.
    pipeline: true,
    types: typeParsers,
    // Every session speaks UTC, and no transaction waits for ever: a lock is answered 409 or 503 instead.
    // Row-level security makes custom plans look cheaper than planning them costs, at every execution.
    options: sessionSettings.map((setting) => `-c ${setting}`).join(' '),
    // The pool waits for it, and drops the connection where it fails.
    onConnect: actAsRequestRole,
  });
  const report = options.onConnectionError ?? (() => {});
  pool.on('error', report);
  pool.on('connect', (client) => {
    client.on('error', report);
  });
  try {
    await refusePowerfulRole(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const sessions = new WeakMap<pg.PoolClient, Session>();

  async function openSession(): Promise<Session> {
    const client = (await pool.connect()) as SocketClient;
    let session = sessions.get(client);
    if (!session) sessions.set(client, (session = new Session(client)));
    return session;
  }

  async function transaction<T>(
    scope: DatabaseScope,
    mode: 'read only' | 'read write',
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    // Before there is a connection that it could leave behind.
    const enterScope = enterScopeSql(scope);
    const session = await openSession();
    const begun = session.begin(mode, enterScope);
    try {
      const result = await work(session.connection);
      await begun;
      if (mode === 'read only') session.endRead();
      else await session.commit();
      return result;
    } catch (error) {
      await session.rollback();
      throw error;
    }
  }

  return {
    dialect: 'postgresql',
    read: (scope, work) => transaction(scope, 'read only', work),
    write: (scope, work) => transaction(scope, 'read write', work),
    async ping() {
      await pool.query('select 1');
    },
    close: () => pool.end(),
  };
}
