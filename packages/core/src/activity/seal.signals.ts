import type { Database } from '../database/database.ts';
import { onePer } from '../kernel/per.ts';

/** An event that this process has committed. */
export interface CommittedEvent {
  readonly organizationId: string;
  readonly id: string;
}

type CommitListener = (events: readonly CommittedEvent[]) => void;
type SealListener = (organizationId: string, lastSequence: number) => void;

const commitListeners = onePer<Database, Set<CommitListener>>(() => new Set());
const sealListeners = onePer<Database, Set<SealListener>>(() => new Set());

/** Calls `listener` with the events of organizations that this process commits. Answers a function that unsubscribes. */
export function onCommitted(database: Database, listener: CommitListener): () => void {
  const listeners = commitListeners(database).add(listener);
  return () => void listeners.delete(listener);
}

export function tellCommitted(database: Database, events: readonly CommittedEvent[]): void {
  for (const listener of commitListeners(database)) listener(events);
}

/**
 * Calls `listener` when this process has sealed events of an organization, with the last sequence. Other processes tell theirs by `NOTIFY`
 * on PostgreSQL, in the channel `sealedChannel`. Answers a function that unsubscribes.
 */
export function onSealed(database: Database, listener: SealListener): () => void {
  const listeners = sealListeners(database).add(listener);
  return () => void listeners.delete(listener);
}

export function tellSealed(database: Database, organizationId: string, lastSequence: number): void {
  for (const listener of sealListeners(database)) listener(organizationId, lastSequence);
}

/** The channel of PostgreSQL in which every sealer says `ORGANIZATION SEQUENCE` when its transaction commits. */
export const sealedChannel = 'tenon_sealed';
