import type { Database } from '../database/database.ts';

const sleepers = new WeakMap<Database, Set<() => void>>();

/** Calls `wake` whenever a job of this database was committed in this process. Answers how to stop that. */
export function onEnqueued(database: Database, wake: () => void): () => void {
  const found = sleepers.get(database) ?? new Set();
  sleepers.set(database, found.add(wake));
  return () => {
    found.delete(wake);
  };
}

/** Spares a job the wait for the next poll when its runner lives in the same process. */
export function wakeRunners(database: Database): void {
  for (const wake of sleepers.get(database) ?? []) wake();
}
