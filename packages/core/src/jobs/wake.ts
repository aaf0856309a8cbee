import type { Database } from '../database/database.ts';
import { onePer } from '../kernel/per.ts';

const listenersOf = onePer<Database, Set<() => void>>(() => new Set());

/** Calls `wake` whenever a job of this database was committed in this process. Answers how to stop that. */
export function onEnqueued(database: Database, wake: () => void): () => void {
  const listeners = listenersOf(database).add(wake);
  return () => void listeners.delete(wake);
}

/** Spares a job the wait for the next poll when its runner lives in the same process. */
export function wakeRunners(database: Database): void {
  for (const wake of listenersOf(database)) wake();
}
