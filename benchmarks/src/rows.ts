import Database from 'better-sqlite3';
import pg from 'pg';

/** Reads a database directly: to find what requests can name, and to verify what they wrote. */
export interface Rows {
  all<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** @param url `file:PATH`, or the URL of a PostgreSQL database with the login of its owner */
export async function openRows(url: string): Promise<Rows> {
  if (url.startsWith('file:')) {
    const database = new Database(url.slice('file:'.length), { readonly: true });
    return {
      all: async <Row>(sql: string) => database.prepare<[], Row>(sql).all(),
      close: async () => void database.close(),
    };
  }
  const client = new pg.Client({ connectionString: url });
  // When the server stops after a failure, the lost connection must not hide that failure.
  client.on('error', () => {});
  await client.connect();
  return {
    all: async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows,
    close: () => client.end(),
  };
}
