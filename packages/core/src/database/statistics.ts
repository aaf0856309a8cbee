import pg from 'pg';
import { isPostgresUrl } from './database.ts';
import type { MigrateOptions } from './migrate.ts';

/**
 * Lets PostgreSQL analyze its tables after many rows were added. Until autovacuum does it, PostgreSQL plans for the tables as they were
 * before, such as empty ones. SQLite plans without statistics.
 */
export async function refreshStatistics({ url, migrationUrl = url }: Omit<MigrateOptions, 'tables'>): Promise<void> {
  if (!isPostgresUrl(url)) return;
  const client = new pg.Client({ connectionString: migrationUrl });
  await client.connect();
  try {
    await client.query('vacuum (analyze)');
  } finally {
    await client.end();
  }
}
