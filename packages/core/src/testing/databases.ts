import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { migrate } from '../database/migrate.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { tables } from '../platform.ts';
import { administer, sharedServer, startPostgres, testedMajor, type TestPostgres } from './postgres.ts';

export type TestDialect = 'sqlite' | 'postgresql';
export const dialects: readonly TestDialect[] = ['sqlite', 'postgresql'];

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

let sqliteTemplate: Promise<string> | undefined;
let server: Promise<Pick<TestPostgres, 'url'>> | undefined;

async function migratedFile(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-template-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'template.db');
  await migrate({ url: `file:${file}`, tables });
  return file;
}

const template = 'tenon_template';

async function migratedServer(): Promise<Pick<TestPostgres, 'url'>> {
  // A test run starts one server for all of its processes. A single file starts its own.
  const shared = process.env[sharedServer(testedMajor())];
  if (shared) return { url: shared };
  const started = await startPostgres();
  await prepareTemplate(started.url);
  process.once('beforeExit', () => void started.stop());
  return started;
}

/** Makes a migrated database for tests to copy, which is faster than migrating each. The test login owns nothing. */
export async function prepareTemplate(url: string): Promise<void> {
  await administer(`${url}/postgres`, `create role tenon_login login password 'login'`);
  await administer(`${url}/postgres`, `create database ${template}`);
  await migrate({ url: asLogin(url, template), migrationUrl: `${url}/${template}`, tables });
}

const asLogin = (url: string, database: string): string =>
  `${url.replace('postgres:postgres@', 'tenon_login:login@')}/${database}`;

/** Makes a private, migrated, empty database. */
export async function createTestDatabase(dialect: TestDialect): Promise<TestDatabase> {
  if (dialect === 'sqlite') {
    sqliteTemplate ??= migratedFile();
    const directory = mkdtempSync(join(tmpdir(), 'tenon-test-'));
    const file = join(directory, 'test.db');
    copyFileSync(await sqliteTemplate, file);
    return { url: `file:${file}`, drop: async () => rmSync(directory, { recursive: true, force: true }) };
  }
  server ??= migratedServer();
  const { url } = await server;
  const name = `tenon_${uuidv7().replaceAll('-', '')}`;
  await administer(`${url}/postgres`, `create database ${name} template ${template}`);
  return {
    url: asLogin(url, name),
    drop: () => administer(`${url}/postgres`, `drop database if exists ${name} with (force)`),
  };
}

/** Records a migration in a SQLite file that was not run, as if a newer version had. */
export function recordMigration(file: string, name: string): void {
  const database = new Sqlite(file);
  database.prepare('insert into mikro_orm_migrations (name) values (?)').run(name);
  database.close();
}

/** The same database as the superuser, to whom no policy applies: to look behind the walls. */
export const asSuperuser = (url: string): string => url.replace('tenon_login:login@', 'postgres:postgres@');

/**
 * Lets PostgreSQL analyze its tables, which it does by itself within a minute. Until then it plans as if they were empty, and lists of many
 * rows are slow.
 */
export async function analyzeTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: asSuperuser(url) });
  await client.connect();
  await client.query('analyze');
  await client.end();
}
