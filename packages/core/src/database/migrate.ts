import { setTimeout as delay } from 'node:timers/promises';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { isPostgresUrl, sqliteFile } from './database.ts';
import { type Migrations, openMigrationOrm } from './migration-orm.ts';
import { grantsOf } from './policies.ts';
import { databaseRoles } from './scope.ts';
import type { TableDefinition } from './table.ts';

export interface MigrateOptions {
  /** What the server connects to. */
  url: string;
  /** Whom migrations connect as: the owner of the tables. @default url */
  migrationUrl?: string;
  tables: readonly TableDefinition[];
  /** @default those in the folder beside this file */
  migrations?: Migrations;
}

/** Any two migrations at once, of whatever instance, wait for each other here. */
const advisoryLock = 7_365_236;

const isConcurrentUpdate = (error: unknown) =>
  error instanceof Error && /tuple concurrently (updated|deleted)/.test(error.message);

/** Roles and grants are cluster-wide, so another database's migration may be writing the same rows. */
async function retrying(client: pg.Client, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && (error.code === '42710' || error.code === '23505');
      if (taken) return;
      if (!isConcurrentUpdate(error) || attempt >= 20) throw error;
      await delay(20 * attempt * Math.random());
    }
  }
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The first version whose grants say themselves whether the member inherits the rights of the role. */
const grantsHaveOptions = 160_000;

/**
 * Keeps a login of PostgreSQL 15 from inheriting the rights of every role that it can act as, which is the default there and can
 * only be said of the login as a whole.
 * @throws when the login has other roles, whose rights it may need
 */
async function stopInheriting(client: pg.Client, login: string): Promise<void> {
  const { rows } = await client.query<{ inherits: boolean; others: string[] }>(
    `select rolinherit and not rolsuper as inherits, array(
       select roleid::regrole::text from pg_auth_members where member = login.oid and not roleid::regrole::text = any($2)
     ) as others
     from pg_roles login where rolname = $1`,
    [login, Object.values(databaseRoles)],
  );
  const [found] = rows;
  if (!found?.inherits) return;
  if (found.others.length > 0)
    throw new Error(
      `On PostgreSQL 15 the login ${login} would inherit the rights of ${databaseRoles.system}, which sees every row. ` +
        `Run 'alter role ${quote(login)} noinherit', or take ${found.others.join(', ')} from it, and migrate again.`,
    );
  await retrying(client, `alter role ${quote(login)} noinherit`);
}

async function createRoles(client: pg.Client, login: string): Promise<void> {
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
  const withOptions = Number(rows[0]?.version) >= grantsHaveOptions;
  if (!withOptions) await stopInheriting(client, login);
  for (const role of Object.values(databaseRoles)) {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
    if (!rowCount) await retrying(client, `create role ${role} nologin`);
    await retrying(client, `grant usage on schema public to ${role}`);
    // Explicit also for the role's creator: since PostgreSQL 16 creating a role does not let one act as it.
    await retrying(client, `grant ${role} to ${quote(login)}${withOptions ? ' with set true, inherit false' : ''}`);
  }
}

/** The user that an URL logs in as. */
const loginOf = (url: string): string => decodeURIComponent(new URL(url).username);

/** Brings the database to the newest schema. Safe to run by several instances at once. Answers the names of what it ran. */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  if (!isPostgresUrl(options.url)) {
    mkdirSync(dirname(sqliteFile(options.url)), { recursive: true });
    return runMigrations(options.url, options);
  }
  const migrationUrl = options.migrationUrl ?? options.url;
  const client = new pg.Client({ connectionString: migrationUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
    await createRoles(client, loginOf(options.url));
    const ran = await runMigrations(migrationUrl, options);
    const { rows } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    const existing = new Set(rows.map((row) => row.name));
    for (const grant of options.tables.filter((table) => existing.has(table.name)).flatMap(grantsOf))
      await retrying(client, grant);
    // The server asks what is pending.
    await retrying(client, `grant select on mikro_orm_migrations to ${databaseRoles.request}`);
    return ran;
  } finally {
    await client.end();
  }
}

async function runMigrations(url: string, { tables, migrations }: MigrateOptions): Promise<string[]> {
  const orm = await openMigrationOrm(url, tables, migrations);
  const connection = orm.em.getConnection();
  const sqlite = !isPostgresUrl(url);
  try {
    // SQLite adds a foreign key by making the table anew: dropping the old one must not take along what refers to it. Inside a
    // transaction, where migrations run, this can no longer be said.
    if (sqlite) await connection.execute('pragma foreign_keys = off');
    const ran = (await orm.migrator.up()).map((migration) => migration.name);
    const broken: unknown = sqlite && ran.length > 0 ? await connection.execute('pragma foreign_key_check') : [];
    if (Array.isArray(broken) && broken.length > 0)
      throw new Error(`After ${ran.join(', ')} there are rows that refer to nothing: ${broken.length}.`);
    return ran;
  } finally {
    await orm.close(true);
  }
}

const noSuchTable = new Set(['42P01', '42501', '22023', 'SQLITE_ERROR', 'SQLITE_CANTOPEN']);

/** The names of the migrations that were run, as the server's own role sees them; none before the first. */
async function executedMigrations(url: string): Promise<Set<string>> {
  const statement = 'select name from mikro_orm_migrations';
  const names = (rows: readonly unknown[]) => new Set(rows.map((row) => (row as { name: string }).name));
  try {
    if (!isPostgresUrl(url)) {
      const file = new Sqlite(sqliteFile(url), { readonly: true, fileMustExist: true });
      try {
        return names(file.prepare(statement).all());
      } finally {
        file.close();
      }
    }
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
    await client.connect();
    try {
      await client.query(`set role ${databaseRoles.request}`);
      return names((await client.query<{ name: string }>(statement)).rows);
    } finally {
      await client.end();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && noSuchTable.has(String(error.code))) return new Set();
    throw error;
  }
}

/** The migrations that the database still lacks. Asks as the server, whose login may run none of them. */
export async function pendingMigrations({ url }: MigrateOptions): Promise<string[]> {
  const folder = new URL(`./migrations/${isPostgresUrl(url) ? 'postgresql' : 'sqlite'}/`, import.meta.url);
  const executed = await executedMigrations(url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((name) => !executed.has(name))
    .sort();
}
