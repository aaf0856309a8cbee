import pg from 'pg';
import type { Connection, Engine } from './engine.ts';
import { StartError } from '../kernel/start.ts';
import { PostgresListener } from './postgresql-listener.ts';
import { Session } from './postgresql-session.ts';
import { databaseRoles, type DatabaseScope, enterScopeSql } from './scope.ts';
import { Turns } from './turns.ts';

/** Dates, numbers and JSON arrive as PostgreSQL writes them; the read codecs make what the schemas say. */
const rawText = new Set([pg.types.builtins.TIMESTAMPTZ, pg.types.builtins.TIMESTAMP, pg.types.builtins.DATE]);
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (rawText.has(oid)) return (text: string) => text;
    if (oid === pg.types.builtins.INT8) return Number;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

/** How many connections there are, and how long requests wait. */
export interface PostgresLimits {
  readonly poolSize: number;
  /** How long a request waits for a connection, whether a new one is opened or all are in use. Seconds. */
  readonly connectTimeout: number;
  /** How long a write waits for its turn, and after that for each lock. Seconds. */
  readonly lockTimeout: number;
  /** How long a statement may run, with its waiting for locks. Seconds; more than `lockTimeout`. */
  readonly statementTimeout: number;
}

const usualLimits: PostgresLimits = { poolSize: 10, connectTimeout: 5, lockTimeout: 10, statementTimeout: 30 };

/** How much longer than the server we wait for an answer. Seconds. */
const answerGrace = 5;

const sessionSettings = ({ lockTimeout, statementTimeout }: PostgresLimits): string[] => [
  'timezone=UTC',
  `lock_timeout=${lockTimeout}s`,
  `statement_timeout=${statementTimeout}s`,
  `idle_in_transaction_session_timeout=${statementTimeout}s`,
  // Under row-level security, custom plans look cheap enough to be planned again at every execution, and planning costs more than it saves.
  'plan_cache_mode=force_generic_plan',
  // Statements are short: starting a worker takes longer than reading a page of a list.
  'max_parallel_workers_per_gather=0',
];

/**
 * Writes may wait for locks, and a connection that waits is of no use to anybody else. So a quarter of the pool is for reads alone, and
 * the writes of one organization get at most half of the pool.
 */
const writeTurns = ({ poolSize, lockTimeout }: PostgresLimits): Turns =>
  new Turns({
    all: Math.max(1, poolSize - Math.ceil(poolSize / 4)),
    each: Math.max(1, Math.floor(poolSize / 2)),
    waitMs: lockTimeout * 1000,
  });

/** Whose share of the writes a transaction belongs to. */
const shareOf = ({ organizationId, userId, door }: DatabaseScope): string => organizationId ?? userId ?? door;

export interface PostgresOptions {
  url: string;
  /** @default 10 connections; 5 seconds for a connection, 10 for a lock, 30 for a statement */
  limits?: Partial<PostgresLimits>;
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
  const limits = { ...usualLimits, ...options.limits };
  const pool = new pg.Pool({
    connectionString: options.url,
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectTimeout * 1000,
    // Some networks drop idle connections without a notice to either end.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // PostgreSQL cancels a statement that takes too long. When not even that answer arrives, it is gone, and the connection is closed.
    query_timeout: (limits.statementTimeout + answerGrace) * 1000,
    idleTimeoutMillis: 30_000,
    application_name: 'tenon',
    // Statements that do not wait for each other's answers travel together.
    pipeline: true,
    types: typeParsers,
    // Every session speaks UTC, and no transaction waits for ever: a lock is answered 409 or 503 instead.
    options: sessionSettings(limits)
      .map((setting) => `-c ${setting}`)
      .join(' '),
    // The pool waits for it, and drops the connection when it fails.
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
  const turns = writeTurns(limits);
  const { connectTimeout } = limits;
  const listener = new PostgresListener({ url: options.url, connectTimeout, onConnectionError: report });
  const sessions = new WeakMap<pg.PoolClient, Session>();

  async function openSession(): Promise<Session> {
    const client = await pool.connect();
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
    write: (scope, work) => turns.run(shareOf(scope), () => transaction(scope, 'read write', work)),
    listen: (channel, listen) => listener.listen(channel, listen),
    async ping() {
      await pool.query('select 1');
    },
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}
