import type { Database } from '../database/database.ts';
import { onePer } from '../kernel/per.ts';

const listenersOf = onePer<Database, Set<() => void>>(() => new Set());

/** Calls `wake` whenever this process commits due deliveries to this database. Answers a function that unsubscribes. */
export function onDeliveries(database: Database, wake: () => void): () => void {
  const listeners = listenersOf(database).add(wake);
  return () => void listeners.delete(wake);
}

/** Wakes the deliverer of this process, so that a new delivery need not wait for the next poll. */
export function wakeDeliverer(database: Database): void {
  for (const wake of listenersOf(database)) wake();
}
