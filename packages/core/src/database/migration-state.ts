import { readdirSync } from 'node:fs';
import { StartError } from '../kernel/start.ts';
import type { Dialect, Engine } from './engine.ts';
import { isMissingTable } from './failures.ts';
import { requestScope } from './scope.ts';

/** The migrations that this version has, by name, oldest first. */
const knownMigrations = (dialect: Dialect): string[] =>
  readdirSync(new URL(`./migrations/${dialect}/`, import.meta.url))
    .flatMap((file) => /^(Migration\w+)\.[jt]s$/.exec(file)?.[1] ?? [])
    .sort();

/** Selects the names of the migrations that were run. */
export const selectExecuted = 'select name from mikro_orm_migrations';

/** The names of the migrations that were run, as the server's own role sees them; none before the first. */
async function executedMigrations(engine: Engine): Promise<string[]> {
  try {
    const { rows } = await engine.read(requestScope(null), (connection) => connection.execute(selectExecuted, []));
    return rows.map(([name]) => String(name));
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

/** Returns the migrations of this version that are not among the executed ones. */
export const pendingAfter = (dialect: Dialect, executed: readonly string[]): string[] =>
  knownMigrations(dialect).filter((name) => !executed.includes(name));

/** The migrations that the database still lacks. */
export const pendingMigrations = async (engine: Engine): Promise<string[]> =>
  pendingAfter(engine.dialect, await executedMigrations(engine));

export const notMigrated = (): StartError => new StartError('The database is not migrated: run "tenon migrate".');

/** @throws StartError when migrations were run that this version does not have */
export function refuseNewer(dialect: Dialect, executed: readonly string[]): void {
  const known = knownMigrations(dialect);
  const newer = executed.filter((name) => !known.includes(name));
  if (newer.length > 0)
    throw new StartError(
      `The database belongs to a newer version of Tenon (${newer.join(', ')}): start that version, or restore a backup.`,
    );
}

/**
 * On PostgreSQL a server may start before its database is migrated, and becomes ready after that. A SQLite file has no other process
 * that would migrate it.
 * @throws StartError when the database belongs to a newer version, or is a SQLite file that was never migrated
 */
export async function refuseOtherVersion(engine: Engine): Promise<void> {
  const executed = await executedMigrations(engine);
  if (executed.length === 0 && engine.dialect === 'sqlite') throw notMigrated();
  refuseNewer(engine.dialect, executed);
}
