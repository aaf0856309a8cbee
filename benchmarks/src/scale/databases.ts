import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refreshStatistics } from '@tenon/core';
import { administer, startPostgresOrExit } from '@tenon/core/testing';
import Database from 'better-sqlite3';
import type { Dialect } from '../options.ts';
import { files, runToEnd } from '../servers.ts';
import { moreRows, type Size } from './rows.ts';
import { postgresVisits, sqliteVisits, type Visits } from './visits.ts';

/** A database of one organization with very many tasks, among small ones. */
export interface LargeDatabase {
  settings: Record<string, string>;
  /** The e-mail address of the owner of the large organization. */
  owner: string;
  visits: Visits;
  /** Call it after many rows were added. */
  grown: () => Promise<void>;
  drop(): Promise<void>;
}

/** The small organizations have the same number of tasks, however large the large one is. */
const small = { organizations: 20, tasks: 2000 } as const;

async function seed(settings: Record<string, string>, counts: Readonly<Record<string, number>>): Promise<string> {
  const args = Object.entries(counts).flatMap(([name, count]) => [`--${name}`, String(count)]);
  const output = await runToEnd([files.tenon, 'seed', '--fast', ...args], settings);
  const owner = /^Owners: ([^,\n]+)/m.exec(output)?.[1];
  if (owner === undefined) throw new Error(`The seed printed no owner:\n${output}`);
  return owner;
}

async function fill(settings: Record<string, string>, { tasks, members }: Size): Promise<string> {
  await seed(settings, { ...small, seed: 2 });
  return seed(settings, { organizations: 1, tasks, members, seed: 1 });
}

async function sqlite(folder: string, size: Size): Promise<LargeDatabase> {
  const file = join(folder, 'tenon.db');
  const settings = { DATABASE_URL: `file:${file}`, DATA_DIR: folder };
  const owner = await fill(settings, size);
  const database = new Database(file);
  for (const statement of moreRows(owner, size)) database.exec(statement);
  database.close();
  return {
    settings,
    owner,
    visits: sqliteVisits(file),
    grown: async () => {},
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function postgresql(folder: string, size: Size): Promise<LargeDatabase> {
  const server = await startPostgresOrExit();
  await administer(`${server.url}/postgres`, `create role scale login password 'scale'`, 'create database tenon');
  const settings = {
    DATABASE_URL: `${server.url.replace('postgres:postgres@', 'scale:scale@')}/tenon`,
    DATA_DIR: folder,
  };
  const migrationUrl = `${server.url}/tenon`;
  const owner = await fill({ ...settings, DATABASE_MIGRATION_URL: migrationUrl }, size);
  await administer(`${server.url}/tenon`, ...moreRows(owner, size));
  const visits = await postgresVisits(settings.DATABASE_URL);
  return {
    settings,
    owner,
    visits,
    grown: () => refreshStatistics({ url: settings.DATABASE_URL, migrationUrl }),
    async drop() {
      await visits.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Creates a database and fills it. */
export function prepare(dialect: Dialect, size: Size): Promise<LargeDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-scale-'));
  return dialect === 'sqlite' ? sqlite(folder, size) : postgresql(folder, size);
}
