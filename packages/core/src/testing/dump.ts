import Database from 'better-sqlite3';
import pg from 'pg';
import { isPostgresUrl, sqliteFile } from '../database/database.ts';
import { idOfBlob } from '../database/sqlite-values.ts';
import { asSuperuser } from './databases.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Every row of every table, in the database's order, as the database stores it, except that ids are text. */
export type Dump = Readonly<Record<string, readonly Row[]>>;

/** A text for each table that changes when a row is added, changed or removed. */
export type Fingerprints = Readonly<Record<string, string>>;

export interface DumpReader {
  /** @param only the tables to read. @default all */
  read(only?: readonly string[]): Promise<Dump>;
  /** To find out whether anything changed, without reading the rows. */
  fingerprints(): Promise<Fingerprints>;
  /** The rows of a query that reads. */
  query(sql: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** The internal tables of SQLite's search index: their content follows from task_search. */
const isDerived = (table: string): boolean => table.startsWith('task_search_index') || table.startsWith('sqlite_');

/** Opens a test database to read all of it, behind the walls. */
export const openDump = (url: string): Promise<DumpReader> =>
  isPostgresUrl(url) ? openPostgres(url) : openSqlite(url);

const withIds = (rows: readonly Row[]): Row[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, idOfBlob(value)])));

async function openSqlite(url: string): Promise<DumpReader> {
  const database = new Database(sqliteFile(url), { readonly: true });
  const tables = database.prepare<[], { name: string }>(`select name from sqlite_master where type = 'table'`).all();
  const readers = tables
    .filter(({ name }) => !isDerived(name))
    .map(({ name }) => [name, database.prepare<[], Row>(`select * from "${name}"`)] as const);
  return {
    async read(only) {
      const wanted = readers.filter(([name]) => only?.includes(name) ?? true);
      return database.transaction(() =>
        Object.fromEntries(wanted.map(([name, reader]) => [name, withIds(reader.all())])),
      )();
    },
    async fingerprints() {
      const printed = () => readers.map(([name, reader]) => [name, JSON.stringify(withIds(reader.all()))] as const);
      return Object.fromEntries(database.transaction(printed)());
    },
    query: async (sql) => withIds(database.prepare<[], Row>(sql).all()),
    close: async () => void database.close(),
  };
}

async function openPostgres(url: string): Promise<DumpReader> {
  const client = new pg.Client({ connectionString: asSuperuser(url) });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  const names = tables.rows.map(({ name }) => name);
  return {
    async read(only) {
      const readers = names
        .filter((name) => only?.includes(name) ?? true)
        .map((name) => `select '${name}' as name, coalesce(json_agg(t), '[]') as rows from "${name}" t`);
      const { rows } = await client.query<{ name: string; rows: Row[] }>(readers.join(' union all '));
      return Object.fromEntries(rows.map((table) => [table.name, table.rows]));
    },
    async fingerprints() {
      // In physical order: rows that are not written do not move, and sorting takes longer than reading.
      const printers = names.map(
        (name) => `select '${name}' as name, md5(string_agg(t::text, ',')) as print from "${name}" t`,
      );
      const { rows } = await client.query<{ name: string; print: string | null }>(printers.join(' union all '));
      return Object.fromEntries(rows.map((table) => [table.name, table.print ?? '']));
    },
    query: async (sql) => (await client.query<Row>(sql)).rows,
    close: () => client.end(),
  };
}
