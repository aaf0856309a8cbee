/**
 * Writes the next migration for both databases from the entities: `node …/generate.ts NAME`. Read what it wrote: expand first,
 * contract in a later release, and never change a migration that has been released. No database is needed: the snapshot beside
 * the migrations says what the last one led to.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { tables } from '../../platform.ts';
import { openMigrationOrm } from '../migration-orm.ts';

const name = process.argv[2];
if (!name || !/^[a-z0-9-]+$/.test(name)) throw new Error('Give the migration a name of lower-case words and dashes.');

for (const [dialect, url] of Object.entries({ sqlite: ':memory:', postgresql: 'postgres://nobody@localhost/none' })) {
  const snapshot = new URL(`./${dialect}/snapshot.json`, import.meta.url);
  // An empty schema to begin with, or the first migration would ask a database.
  if (!existsSync(snapshot)) writeFileSync(snapshot, JSON.stringify({ namespaces: [], tables: [] }));
  const orm = await openMigrationOrm(url, tables);
  const { fileName } = await orm.migrator.create(undefined, false, false, name);
  process.stdout.write(`${fileName || 'nothing to change'}\n`);
  await orm.close(true);
}
