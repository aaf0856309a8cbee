import Database from 'better-sqlite3';
import pg from 'pg';
import { idOf } from './ceiling/ids.ts';

/** Reads a database directly: to find what requests can name, and to verify what they wrote. */
export interface Rows {
  /** Returns an id as SQL. */
  literal(id: string): string;
  all<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** Every blob of a SQLite database is an id. */
function withIds<Row extends object>(row: Row): Row {
  for (const [name, value] of Object.entries(row))
    if (value instanceof Buffer) Object.assign(row, { [name]: idOf(value.toString('hex')) });
  return row;
}

/** @param url `file:PATH`, or the URL of a PostgreSQL database with the login of its owner */
export async function openRows(url: string): Promise<Rows> {
  if (url.startsWith('file:')) {
    const database = new Database(url.slice('file:'.length), { readonly: true });
    return {
      literal: (id) => `x'${id.replaceAll('-', '')}'`,
      all: async <Row extends object>(sql: string) => database.prepare<[], Row>(sql).all().map(withIds),
      close: async () => void database.close(),
    };
  }
  const client = new pg.Client({ connectionString: url });
  // When the server stops after a failure, the lost connection must not hide that failure.
  client.on('error', () => {});
  await client.connect();
  return {
    literal: (id) => `'${id}'`,
    all: async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows,
    close: () => client.end(),
  };
}
