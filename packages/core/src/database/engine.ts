import type { Kysely } from 'kysely';
import type { Tables } from './schema.ts';
import type { DatabaseScope } from './scope.ts';

export type Dialect = 'sqlite' | 'postgresql';

/** A Kysely without walls, bound to one connection. It never leaves `database/`. */
export type BareKysely = Kysely<Tables>;

/** What a compiled statement answers, as the database gives it: an object of every row would cost more than reading it. */
export interface RawRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows the statement wrote. */
  readonly written: number;
}

/** One connection, inside the transaction of a read or a write. */
export interface Connection {
  readonly kysely: BareKysely;
  /** Runs a compiled statement. */
  execute(sql: string, parameters: readonly unknown[]): Promise<RawRows>;
  /**
   * Sends the `commit` of a write right after the statements that were sent, without waiting for their answers. When one of them fails, it
   * rolls back. No statement may follow. Missing on SQLite, which answers at once.
   */
  sendCommit?(): void;
}

/** A database with its connections: what differs between SQLite and PostgreSQL ends here. */
export interface Engine {
  readonly dialect: Dialect;
  /** Runs reads in the scope. On PostgreSQL they are one read-only transaction. */
  read<T>(scope: DatabaseScope, work: (connection: Connection) => Promise<T>): Promise<T>;
  /**
   * Runs the work in a write transaction in the scope; a throw rolls back. On SQLite one write runs at a time, and writes that wait at the
   * same time share a transaction. Each is answered after the commit.
   */
  write<T>(scope: DatabaseScope, work: (connection: Connection) => Promise<T>): Promise<T>;
  /**
   * Calls the listener with what other processes send to a channel by `pg_notify`. Never on SQLite, where one process serves. What is sent
   * while the connection is lost does not arrive. Answers a function that unsubscribes.
   */
  listen(channel: string, listener: (payload: string) => void): () => void;
  /** A round trip, for health checks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
