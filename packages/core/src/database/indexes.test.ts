import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { expect, it } from 'vitest';
import { asSuperuser, createTestDatabase } from '../testing/index.ts';
import { sqliteFile } from './database.ts';

/** Describes an index in one line: its table, its columns, and its condition if it is partial. */
const lineOf = (table: string, columns: string, where = ''): string =>
  `${table} (${columns})${where && ` where ${where.toLowerCase().replaceAll(/[()]|::text/g, '')}`}`;

/** The indexes that docs/indexes.md explains, and the primary keys that it names. */
function documented(): string[] {
  const page = readFileSync(new URL('../../../../docs/indexes.md', import.meta.url), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => /^\| [a-z_]+ \| .*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([table]) => table !== 'table');
  // An index that serves nothing is not needed.
  for (const [table, columns, , serves] of rows) expect(serves, `${table} (${columns})`).not.toBe('');
  return rows
    .map(([table = '', columns = '', where = '']) => lineOf(table, columns.replace('unique: ', ''), where))
    .sort();
}

function indexesOfSqlite(url: string): string[] {
  const database = new Sqlite(sqliteFile(url), { readonly: true });
  const rows = database
    .prepare<[], { tableName: string; columns: string; sql: string | null }>(
      `select tables.name as tableName, schema.sql,
         (select group_concat(name, ', ') from (select name from pragma_index_info(indexes.name) order by seqno)) as columns
       from pragma_table_list tables join pragma_index_list(tables.name) indexes
         left join sqlite_master schema on schema.type = 'index' and schema.name = indexes.name
       where tables.schema = 'main' and tables.type = 'table' and tables.name not like 'mikro%'`,
    )
    .all();
  database.close();
  return rows
    .map(({ tableName, columns, sql }) => lineOf(tableName, columns, / where (.+)$/i.exec(sql ?? '')?.[1]))
    .sort();
}

async function indexesOfPostgres(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: asSuperuser(url) });
  await client.connect();
  const { rows } = await client.query<{ table: string; columns: string; where: string | null }>(
    `select indrelid::regclass::text as "table", pg_get_expr(indpred, indrelid) as where,
       (select string_agg(attname, ', ' order by place) from unnest(indkey) with ordinality as k (number, place)
         join pg_attribute on attrelid = indrelid and attnum = k.number) as columns
     from pg_index join pg_class on oid = indexrelid
     where relnamespace = 'public'::regnamespace and indrelid::regclass::text not like 'mikro%'
       and relam <> (select oid from pg_am where amname = 'gin')`,
  );
  await client.end();
  return rows.map(({ table, columns, where }) => lineOf(table, columns, where ?? '')).sort();
}

it('explains every index of SQLite in docs/indexes.md', async () => {
  const database = await createTestDatabase('sqlite');
  expect(indexesOfSqlite(database.url)).toEqual(documented());
  await database.drop();
});

it('explains every index of PostgreSQL in docs/indexes.md', async () => {
  const database = await createTestDatabase('postgresql');
  expect(await indexesOfPostgres(database.url)).toEqual(documented());
  await database.drop();
});
