import pg from 'pg';
import {
  type CompiledQuery,
  type DatabaseConnection,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { BareKysely, Connection, Engine, RawRows } from './engine.ts';
import { isUnknownRole } from './failures.ts';
import { bind } from './single-connection.ts';
import { databaseRoles, type DatabaseScope, enterScopeSql } from './scope.ts';

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

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<RawRows> {
    const { fields, rows } = await this.#client.query<unknown[]>({
      ...this.#prepared(sql, parameters),
      rowMode: 'array',
    });
    return { columns: fields.map((field) => field.name), rows };
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.#client.query(this.#prepared(sql, parameters));
    return { rows: rows as Row[], ...(rowCount === null ? {} : { numAffectedRows: BigInt(rowCount) }) };
  }

  #prepared(sql: string, parameters: readonly unknown[]): pg.QueryConfig {
    if (parameters.length === 0) return { text: sql };
    const name = statementName(sql);
    return { text: sql, values: parameters.map(encode), ...(name ? { name } : {}) };
  }

  // oxlint-disable-next-line require-yield -- nothing here streams; the interface asks for it
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Streaming is not used.');
  }
}

const dialect = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db: BareKysely) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};

function connect(client: pg.PoolClient): Connection {
  const connection = new PostgresConnection(client);
  return {
    kysely: bind(connection, dialect),
    execute: (sql, parameters) => connection.execute(sql, parameters),
  };
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
    throw new Error(
      `The database role ${found?.role ?? '(unknown)'} is a superuser, bypasses row-level security or owns tables. ` +
        `Run "tenon migrate", which creates ${databaseRoles.request} and lets the login of DATABASE_URL act as it.`,
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
    throw isUnknownRole(error)
      ? new Error('The database is not migrated: run "tenon migrate".', { cause: error })
      : error;
  }
  const bound = new WeakMap<pg.PoolClient, Connection>();

  async function transaction<T>(
    scope: DatabaseScope,
    mode: 'read only' | 'read write',
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const client = await pool.connect();
    let connection = bound.get(client);
    if (!connection) bound.set(client, (connection = connect(client)));
    // One message, and the first statement follows without waiting: should it fail, the request role sees and writes nothing.
    const begun = client.query(`begin ${mode}; ${enterScopeSql(scope)}`);
    begun.catch(() => {});
    try {
      const result = await work(connection);
      await begun;
      const committed = client.query('commit');
      if (mode === 'read write') await committed;
      // There is nothing to lose in what was only read.
      committed.then(
        () => client.release(),
        (error: Error) => client.release(error),
      );
      return result;
    } catch (error) {
      await client.query('rollback').then(
        () => client.release(),
        (failure: Error) => client.release(failure),
      );
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
