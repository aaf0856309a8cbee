import Database from 'better-sqlite3';
import pg from 'pg';
import { isPostgresUrl, sqliteFile } from '../database/database.ts';
import { asSuperuser } from './databases.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Every row of every table, as the database itself holds it, in an order of its own. */
export type Dump = Readonly<Record<string, readonly Row[]>>;

/** A text for each table, which is another when a row was added, changed or taken away. */
export type Fingerprints = Readonly<Record<string, string>>;

export interface DumpReader {
  /** @param only these tables. @default all */
  read(only?: readonly string[]): Promise<Dump>;
  /** Whether anything changed, without reading what. */
  fingerprints(): Promise<Fingerprints>;
  close(): Promise<void>;
}

/** The rows behind the search index of SQLite: they say what task_search says. */
const isDerived = (table: string): boolean => table.startsWith('task_search_index') || table.startsWith('sqlite_');

/** Looks at a whole test database behind its walls. */
export const openDump = (url: string): Promise<DumpReader> =>
  isPostgresUrl(url) ? openPostgres(url) : openSqlite(url);

async function openSqlite(url: string): Promise<DumpReader> {
  const database = new Database(sqliteFile(url), { readonly: true });
  const tables = database.prepare<[], { name: string }>(`select name from sqlite_master where type = 'table'`).all();
  const readers = tables
    .filter(({ name }) => !isDerived(name))
    .map(({ name }) => [name, database.prepare<[], Row>(`select * from "${name}"`)] as const);
  return {
    async read(only) {
      const wanted = readers.filter(([name]) => only?.includes(name) ?? true);
      return database.transaction(() => Object.fromEntries(wanted.map(([name, reader]) => [name, reader.all()])))();
    },
    async fingerprints() {
      const printed = () => readers.map(([name, reader]) => [name, JSON.stringify(reader.all())] as const);
      return Object.fromEntries(database.transaction(printed)());
    },
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
      // As rows lie there: what was not written does not move, and sorting takes longer than reading.
      const printers = names.map(
        (name) => `select '${name}' as name, md5(string_agg(t::text, ',')) as print from "${name}" t`,
      );
      const { rows } = await client.query<{ name: string; print: string | null }>(printers.join(' union all '));
      return Object.fromEntries(rows.map((table) => [table.name, table.print ?? '']));
    },
    close: () => client.end(),
  };
}
