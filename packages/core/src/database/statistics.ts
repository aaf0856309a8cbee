import pg from 'pg';
import { isPostgresUrl } from './database.ts';
import type { MigrateOptions } from './migrate.ts';

/**
 * Tells PostgreSQL how large its tables have become. Otherwise it plans for the empty ones that it has seen last, until its own
 * vacuum comes by. SQLite plans without statistics.
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
