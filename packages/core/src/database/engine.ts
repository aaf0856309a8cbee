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
   * Sends the `commit` of a write behind the statements that were sent, where the database need not be asked in between. It rolls back
   * when one of them fails. No statement may follow.
   */
  sendCommit?(): void;
}

/** A database with its connections: what differs between SQLite and PostgreSQL ends here. */
export interface Engine {
  readonly dialect: Dialect;
  /** Runs reads in the scope. On PostgreSQL they are one read-only transaction. */
  read<T>(scope: DatabaseScope, work: (connection: Connection) => Promise<T>): Promise<T>;
  /**
   * Runs one write transaction in the scope; a throw rolls back. On SQLite works run one at a time, and those that wait together share
   * a commit. Each is answered after it.
   */
  write<T>(scope: DatabaseScope, work: (connection: Connection) => Promise<T>): Promise<T>;
  /** A round trip, for health checks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
