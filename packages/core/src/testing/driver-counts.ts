import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import pg from 'pg';

/** What a process has asked of its database. */
export interface DriverCounts {
  /** Statements, without those that begin, end or configure a transaction. */
  statements: number;
  /** Transactions that were begun. Reads on SQLite begin none. */
  transactions: number;
  /** Rows that statements returned or wrote. A row that a write returned counts twice. */
  rows: number;
  /** Writes to the sockets of PostgreSQL. What is written together is one packet. 0 on SQLite. */
  packets: number;
  /** How often PostgreSQL was written to and then answered. Exact with one client only. 0 on SQLite. */
  roundTrips: number;
}

/** Counts until it is stopped. */
export interface DriverCounting {
  read(): DriverCounts;
  /**
   * Waits until PostgreSQL has answered everything, and lets it publish the statistics of these connections, which it does by itself only
   * every few seconds. Returns the process ids of the connections. None of this is counted.
   */
  settle(): Promise<number[]>;
  stop(): void;
}

const control = /^\s*(begin|start transaction|commit|end|rollback|savepoint|release|set|reset|pragma)\b/i;
const beginning = /^\s*(begin|start transaction)\b/i;

type Around = (self: unknown, args: unknown[], call: () => unknown) => unknown;

/** Puts code around a method. Returns a function that removes it. */
function surround(target: object, name: string, around: Around): () => void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function') throw new Error(`${name} is not a method.`);
  Reflect.set(target, name, function surrounded(this: unknown, ...args: unknown[]): unknown {
    return around(this, args, () => Reflect.apply(original, this, args));
  });
  return () => Reflect.set(target, name, original);
}

/** Reads a member of a value of unknown type. */
const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;

function* counted(rows: Iterable<unknown>, count: (rows: number) => void): Generator<unknown> {
  for (const row of rows) {
    count(1);
    yield row;
  }
}

/**
 * Counts what this process asks of its databases from now on, by wrapping `better-sqlite3` and `pg`, so that the product itself
 * counts nothing. Connections to PostgreSQL that are already open are not counted.
 */
export function countDriverCalls(): DriverCounting {
  const counts: DriverCounts = { statements: 0, transactions: 0, rows: 0, packets: 0, roundTrips: 0 };
  const clients = new Set<pg.Client>();
  let paused = false;

  /** Counts a statement. Returns whether its rows count too: SQLite reports changed rows even for `release`. */
  const began = (text: string): boolean => {
    if (beginning.test(text)) counts.transactions++;
    if (control.test(text)) return false;
    counts.statements++;
    return true;
  };

  const undo: (() => void)[] = [];
  const around = (target: object | null, name: string, code: Around): void => {
    if (target) undo.push(surround(target, name, code));
  };

  const running =
    (rowsOf: (result: unknown, reads: boolean) => number): Around =>
    (self, _args, call) => {
      const counting = began(String(member(self, 'source')));
      const result = call();
      if (counting) counts.rows += rowsOf(result, member(self, 'readonly') === true);
      return result;
    };
  const scratch = new Sqlite(':memory:');
  const statements = Reflect.getPrototypeOf(scratch.prepare('select 1'));
  scratch.close();
  const returned = (rows: number, reads: boolean): number => (reads ? rows : 2 * rows);
  around(
    statements,
    'run',
    running((result) => Number(member(result, 'changes'))),
  );
  around(
    statements,
    'get',
    running((result, reads) => returned(result === undefined ? 0 : 1, reads)),
  );
  around(
    statements,
    'all',
    running((result, reads) => returned(Array.isArray(result) ? result.length : 0, reads)),
  );
  around(statements, 'iterate', (self, _args, call) => {
    began(String(member(self, 'source')));
    return counted(call() as Iterable<unknown>, (rows) => (counts.rows += rows));
  });
  around(Sqlite.prototype, 'exec', (_self, [text], call) => {
    began(String(text));
    return call();
  });

  const watchSocket = (socket: Duplex): void => {
    let asked = false;
    const sent: Around = (_self, _args, call) => {
      if (!paused) counts.packets++;
      asked = !paused;
      return call();
    };
    surround(socket, '_write', sent);
    surround(socket, '_writev', sent);
    socket.on('data', () => {
      if (asked) counts.roundTrips++;
      asked = false;
    });
  };
  around(pg.Connection.prototype, 'attachListeners', (self, [socket], call) => {
    const result = call();
    if (!(self instanceof EventEmitter) || !(socket instanceof Duplex)) throw new Error('pg has changed.');
    watchSocket(socket);
    self.on('dataRow', () => {
      if (!paused) counts.rows++;
    });
    self.on('commandComplete', ({ text }: { text: string }) => {
      if (paused) return;
      began(text);
      counts.rows += Number(/^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(text)?.[1] ?? 0);
    });
    return result;
  });
  around(pg.Client.prototype, 'connect', (self, _args, call) => {
    if (self instanceof pg.Client) {
      clients.add(self);
      self.once('end', () => clients.delete(self));
    }
    return call();
  });

  return {
    read: () => ({ ...counts }),
    async settle() {
      // The `commit` of a read leaves in the next turn if nothing follows it.
      await nextTurn();
      await nextTurn();
      paused = true;
      try {
        const published = 'select pg_stat_force_next_flush(), pg_backend_pid() as pid';
        const answers = await Promise.all([...clients].map((client) => client.query<{ pid: number }>(published)));
        return answers.flatMap(({ rows }) => rows.map(({ pid }) => pid));
      } finally {
        paused = false;
      }
    },
    stop() {
      for (const step of undo) step();
    },
  };
}
