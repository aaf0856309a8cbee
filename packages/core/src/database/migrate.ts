import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname } from 'node:path';
import type { MikroORM } from '@mikro-orm/core';
import type pg from 'pg';
import { makeFolder, StartError } from '../kernel/start.ts';
import { isPostgresUrl, sqliteFile } from './database.ts';
import type { Dialect } from './engine.ts';
import { isBusy, isMissingTable } from './failures.ts';
import type { Migrations } from './migration-orm.ts';
import { pendingAfter, refuseNewer, selectExecuted } from './migration-state.ts';
import { grantsOf, policiesOf } from './policies.ts';
import { databaseRoles, searchRole } from './scope.ts';
import { toStartError } from './start-failures.ts';
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

/** How long a connection may take to open, in milliseconds. */
const connectLimitMs = 5000;
/** How long a migration of SQLite waits for that of another process, in milliseconds. */
const busyLimitMs = 60_000;

/**
 * The size of the pages of a new SQLite file, in bytes. Even a small change writes whole pages, first to the write-ahead log and then to
 * the file. With half of SQLite's usual 4096 bytes, a new task writes a third less, and reads are as fast. A file keeps its size of pages.
 */
const pageSize = 2048;

async function retryingWhileBusy(work: () => Promise<unknown>): Promise<void> {
  for (const deadline = performance.now() + busyLimitMs; ; await delay(50)) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
  }
}

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
    [login, [...Object.values(databaseRoles), searchRole]],
  );
  const [found] = rows;
  if (!found?.inherits) return;
  if (found.others.length > 0)
    throw new StartError(
      `On PostgreSQL 15 the login ${login} would inherit the rights of ${databaseRoles.system}, which sees every row: ` +
        `run 'alter role ${quote(login)} noinherit', or take ${found.others.join(', ')} from it, and migrate again.`,
    );
  await retrying(client, `alter role ${quote(login)} noinherit`);
}

async function createRoles(client: pg.Client, login: string): Promise<void> {
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
  const withOptions = Number(rows[0]?.version) >= grantsHaveOptions;
  if (!withOptions) await stopInheriting(client, login);
  const options = withOptions ? ' with set true, inherit false' : '';
  for (const role of [...Object.values(databaseRoles), searchRole]) {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
    if (!rowCount) await retrying(client, `create role ${role} nologin`);
    await retrying(client, `grant usage on schema public to ${role}`);
    // The role's creator needs the grant too: since PostgreSQL 16, creating a role is not enough to act as it. The migration makes the
    // role of searches the owner of a function, for which the user who migrates must be able to act as that role.
    const member = role === searchRole ? 'current_user' : quote(login);
    await retrying(client, `grant ${role} to ${member}${options}`);
  }
}

/** The user that an URL logs in as. */
const loginOf = (url: string): string => decodeURIComponent(new URL(url).username);

/**
 * Brings the database to the newest schema. Safe to run by several instances at once: they wait for each other.
 * Answers the names of what it ran.
 * @throws StartError when the database cannot be used or belongs to a newer version
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const url = isPostgresUrl(options.url) ? (options.migrationUrl ?? options.url) : options.url;
  try {
    return await (isPostgresUrl(url) ? migratePostgres(url, options) : migrateSqlite(url, options));
  } catch (error) {
    throw toStartError(error, url);
  }
}

/** Whether no migration is pending. Most starts find none and do not load the ORM. Migrations that the caller gives are always tried. */
const isCurrent = (dialect: Dialect, executed: readonly string[], { migrations }: MigrateOptions): boolean => {
  if (migrations) return false;
  refuseNewer(dialect, executed);
  return pendingAfter(dialect, executed).length === 0;
};

async function executedOnPostgres(client: pg.Client): Promise<string[]> {
  try {
    return (await client.query<{ name: string }>(selectExecuted)).rows.map(({ name }) => name);
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

/** Returns none when the file cannot be read, either. The migrator then waits for the lock of the file, or says what is wrong with it. */
async function executedOnSqlite(file: string): Promise<string[]> {
  if (!existsSync(file)) return [];
  const { default: Sqlite } = await import('better-sqlite3');
  let database;
  try {
    database = new Sqlite(file, { fileMustExist: true, timeout: 0 });
    return database
      .prepare<[], { name: string }>(selectExecuted)
      .all()
      .map(({ name }) => name);
  } catch {
    return [];
  } finally {
    database?.close();
  }
}

/**
 * Throws when a table lacks a policy. A restore skips the policies whose roles do not exist, and says so among hundreds of lines. The roles
 * of the server then see no row.
 * @throws StartError
 */
async function requirePolicies(client: pg.Client, tables: readonly TableDefinition[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select policyname as name from pg_policies where schemaname = 'public'`,
  );
  const present = new Set(rows.map(({ name }) => name));
  const all = tables.flatMap(policiesOf);
  const missing = all.filter(({ name = '' }) => !present.has(name));
  if (missing.length > 0)
    throw new StartError(
      `Policies of row-level security are missing: ${missing.length} of ${all.length}. ` +
        'If the database was restored from a backup, restore the roles first, and then the database again.',
    );
}

async function migratePostgres(migrationUrl: string, options: MigrateOptions): Promise<string[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: migrationUrl, connectionTimeoutMillis: connectLimitMs });
  try {
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
    await createRoles(client, loginOf(options.url));
    const ran = isCurrent('postgresql', await executedOnPostgres(client), options)
      ? []
      : await withMigrator(migrationUrl, options, (orm) => runMigrations(orm, 'postgresql', options));
    const { rows } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    const existing = new Set(rows.map((row) => row.name));
    const present = options.tables.filter((table) => existing.has(table.name));
    await requirePolicies(client, present);
    for (const grant of present.flatMap(grantsOf)) await retrying(client, grant);
    // The server asks what is pending.
    await retrying(client, `grant select on mikro_orm_migrations to ${databaseRoles.request}`);
    return ran;
  } finally {
    await client.end();
  }
}

async function withMigrator<T>(
  url: string,
  { tables, migrations }: MigrateOptions,
  work: (orm: MikroORM) => Promise<T>,
): Promise<T> {
  const { openMigrationOrm } = await import('./migration-orm.ts');
  const orm = await openMigrationOrm(url, tables, migrations);
  try {
    return await work(orm);
  } finally {
    await orm.close(true);
  }
}

async function runMigrations(orm: MikroORM, dialect: Dialect, { migrations }: MigrateOptions): Promise<string[]> {
  const executed = await orm.migrator.getExecuted();
  // Migrations that are given do not include those that the folder has.
  if (!migrations)
    refuseNewer(
      dialect,
      executed.map(({ name }) => name),
    );
  return (await orm.migrator.up()).map(({ name }) => name);
}

async function migrateSqlite(url: string, options: MigrateOptions): Promise<string[]> {
  const file = sqliteFile(url);
  makeFolder(dirname(file));
  if (isCurrent('sqlite', await executedOnSqlite(file), options)) return [];
  return withMigrator(url, options, async (orm) => {
    const execute = (sql: string): Promise<unknown> => orm.em.getConnection().execute(sql);
    // SQLite adds a foreign key by making the table anew: dropping the old one must not take along what refers to it. Inside a
    // transaction, where migrations run, this can no longer be said.
    await execute('pragma foreign_keys = off');
    await execute(`pragma page_size = ${pageSize}`);
    // What is pending is asked inside the transaction: another process that migrates waits here, and then has nothing to do.
    await retryingWhileBusy(() => execute('begin immediate'));
    try {
      const ran = await runMigrations(orm, 'sqlite', options);
      const broken = ran.length > 0 ? await execute('pragma foreign_key_check') : [];
      if (Array.isArray(broken) && broken.length > 0)
        throw new StartError(`After ${ran.join(', ')} there are rows that refer to nothing: ${broken.length}.`);
      await execute('commit');
      return ran;
    } catch (error) {
      // SQLite may have rolled back itself, such as on a full disk.
      await execute('rollback').catch(() => {});
      throw error;
    }
  });
}
