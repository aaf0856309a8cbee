import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refreshStatistics } from '@tenon/core';
import { startPostgresOrExit } from '@tenon/core/testing';
import pg from 'pg';
import type { Dialect } from '../options.ts';
import { files, runToEnd } from '../servers.ts';
import { postgresVisits, sqliteVisits, type Visits } from './visits.ts';

/** A database of one organization with very many tasks. */
export interface LargeDatabase {
  settings: Record<string, string>;
  /** The e-mail address of the owner of the organization. */
  owner: string;
  visits: Visits;
  /** Call it after rows were added that the seed does not add. */
  grown: () => Promise<void>;
  drop(): Promise<void>;
}

export interface Size {
  tasks: number;
  members: number;
  jobs: number;
}

async function fill(settings: Record<string, string>, { tasks, members }: Size): Promise<string> {
  const counts = ['--organizations', '1', '--tasks', String(tasks), '--members', String(members)];
  const output = await runToEnd([files.tenon, 'seed', '--fast', ...counts], settings);
  const owner = /^Owners: (.+)$/m.exec(output)?.[1];
  if (owner === undefined) throw new Error(`The seed printed no owner:\n${output}`);
  return owner;
}

export async function prepare(dialect: Dialect, size: Size): Promise<LargeDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-scale-'));
  const dropFolder = () => rmSync(folder, { recursive: true, force: true });
  if (dialect === 'sqlite') {
    const file = join(folder, 'tenon.db');
    const settings = { DATABASE_URL: `file:${file}`, DATA_DIR: folder };
    const owner = await fill(settings, size);
    return { settings, owner, visits: sqliteVisits(file), grown: async () => {}, drop: async () => dropFolder() };
  }
  const server = await startPostgresOrExit();
  const administrator = new pg.Client({ connectionString: `${server.url}/postgres` });
  await administrator.connect();
  await administrator.query(`create role scale login password 'scale'`);
  await administrator.query('create database tenon');
  await administrator.end();
  const settings = {
    DATABASE_URL: `${server.url.replace('postgres:postgres@', 'scale:scale@')}/tenon`,
    DATA_DIR: folder,
  };
  const migrationUrl = `${server.url}/tenon`;
  const owner = await fill({ ...settings, DATABASE_MIGRATION_URL: migrationUrl }, size);
  const visits = await postgresVisits(settings.DATABASE_URL);
  return {
    settings,
    owner,
    visits,
    grown: () => refreshStatistics({ url: settings.DATABASE_URL, migrationUrl }),
    async drop() {
      await visits.close();
      await server.stop();
      dropFolder();
    },
  };
}
