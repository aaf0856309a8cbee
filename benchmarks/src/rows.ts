import Database from 'better-sqlite3';
import pg from 'pg';

/** Looks into a database behind the servers' backs: for what requests need to know, and whether they did what they said. */
export interface Rows {
  all<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** @param url as `file:PATH`, or of PostgreSQL with the rights of an owner */
export async function openRows(url: string): Promise<Rows> {
  if (url.startsWith('file:')) {
    const database = new Database(url.slice('file:'.length), { readonly: true });
    return {
      all: async <Row>(sql: string) => database.prepare<[], Row>(sql).all(),
      close: async () => void database.close(),
    };
  }
  const client = new pg.Client({ connectionString: url });
  // A server that is stopped after a failure must not hide the failure.
  client.on('error', () => {});
  await client.connect();
  return {
    all: async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows,
    close: () => client.end(),
  };
}
