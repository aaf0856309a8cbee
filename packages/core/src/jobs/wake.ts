import type { Database } from '../database/database.ts';
import { onePer } from '../kernel/per.ts';

const listenersOf = onePer<Database, Set<() => void>>(() => new Set());

/** Calls `wake` whenever this process commits a job to this database. Answers a function that unsubscribes. */
export function onEnqueued(database: Database, wake: () => void): () => void {
  const listeners = listenersOf(database).add(wake);
  return () => void listeners.delete(wake);
}

/** Wakes the runners in this process, so that a new job need not wait for the next poll. */
export function wakeRunners(database: Database): void {
  for (const wake of listenersOf(database)) wake();
}
