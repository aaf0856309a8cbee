import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administer, startPostgresOrExit } from '@tenon/core/testing';
import Database from 'better-sqlite3';
import type { Dialect, Options } from './options.ts';
import { openRows } from './rows.ts';
import { files, runToEnd } from './servers.ts';

/** A seeded database and its copy, one for each server, so that the writes of one do not slow the other down. */
export interface Databases {
  /** The settings of our server for its database. */
  settings: Record<string, string>;
  /** The database of the ceiling, as its owner. */
  ceilingUrl: string;
  /** The database of our server, as its owner. */
  ownerUrl: string;
  /** The size of the seeded database in bytes. */
  size: number;
  /** All users have this password. */
  password: string;
  /** Restarts PostgreSQL. Null on SQLite. */
  restart: (() => Promise<void>) | null;
  drop(): Promise<void>;
}

/** The benchmark seals nothing, but production requires a key. */
export const encryptionKey = 'cZF8wqZxUupmIsEaDZ1MCeSlSTLY6oZmQrVlSw8i1Ls=';
export const secretKey = 'k3Vd0Zq8sXw1mB7tR5yHn2LcJf9GpE6aUoTi4QxWvSzYbNrM';
export const publicUrl = 'http://127.0.0.1:8000';

/** How many tasks of each organization are on its board: the oldest, which no other list shows. */
const onBoard = 300;

/** The statements that put some tasks of each organization into a project. The seed has no projects. */
const makeBoards: readonly string[] = [
  `insert into projects (organization_id, id, key, name, name_sort, status, visibility, version,
     created_at, created_by_id, updated_at, updated_by_id)
   select organization_id, id, 'BOARD', 'Board', 'board', 'active', 'organization', 1,
     created_at, created_by_id, created_at, created_by_id from tasks where number = 1`,
  `insert into project_keys (organization_id, key, project_id) select organization_id, key, id from projects`,
  `update tasks set project_number = number, position = substr(cast(10000000000 + number as text), 2),
     project_id = (select id from projects where projects.organization_id = tasks.organization_id)
   where number <= ${onBoard}`,
];

const boardsOf = ({ operations }: Options): readonly string[] => (operations.includes('board') ? makeBoards : []);

async function fill(settings: Record<string, string>, options: Options): Promise<string> {
  const counts = ['--tasks', String(options.tasks), '--organizations', String(options.organizations)];
  const output = await runToEnd([files.tenon, 'seed', ...counts], { SECRET_KEY: secretKey, ...settings });
  const password = /^Password of everybody: (.+)$/m.exec(output)?.[1];
  if (password === undefined) throw new Error(`The seed printed no password:\n${output}`);
  return password;
}

async function sqlite(folder: string, options: Options): Promise<Databases> {
  const [tenon, ceiling] = [join(folder, 'tenon.db'), join(folder, 'ceiling.db')];
  const ownerUrl = `file:${tenon}`;
  const settings = { DATABASE_URL: ownerUrl, DATA_DIR: folder };
  const password = await fill(settings, options);
  const database = new Database(tenon);
  for (const statement of boardsOf(options)) database.exec(statement);
  database.pragma('wal_checkpoint(truncate)');
  database.close();
  const { size } = statSync(tenon);
  copyFileSync(tenon, ceiling);
  return {
    settings,
    ceilingUrl: `file:${ceiling}`,
    ownerUrl,
    size,
    password,
    restart: null,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Settings of PostgreSQL when bytes are counted: it starts no checkpoint and no vacuum by itself. */
const undisturbed = ['autovacuum=off', 'checkpoint_timeout=1d', 'max_wal_size=64GB'].flatMap((it) => ['-c', it]);

async function postgresql(folder: string, options: Options): Promise<Databases> {
  // Without the flags of tests: writes are durable, as in production.
  const server = await startPostgresOrExit({ flags: options.requests === null ? [] : undisturbed });
  try {
    await administer(`${server.url}/postgres`, `create role bench login password 'bench'`, 'create database tenon');
    const tenonUrl = `${server.url.replace('postgres:postgres@', 'bench:bench@')}/tenon`;
    const ownerUrl = `${server.url}/tenon`;
    const settings = { DATABASE_URL: tenonUrl, DATA_DIR: folder };
    const password = await fill({ ...settings, DATABASE_MIGRATION_URL: ownerUrl }, options);
    await administer(`${server.url}/tenon`, ...boardsOf(options));
    await administer(`${server.url}/postgres`, 'create database ceiling template tenon');
    for (const database of ['tenon', 'ceiling']) await administer(`${server.url}/${database}`, 'vacuum analyze');
    const owner = await openRows(ownerUrl);
    const [size] = await owner.all<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
    await owner.close();
    return {
      settings,
      ceilingUrl: `${server.url}/ceiling`,
      ownerUrl,
      size: Number(size?.bytes),
      password,
      restart: () => server.restart(),
      async drop() {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Creates a database, migrates it, and fills it by `tenon seed`. */
export function prepareDatabases(dialect: Dialect, options: Options): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-'));
  return dialect === 'sqlite' ? sqlite(folder, options) : postgresql(folder, options);
}
