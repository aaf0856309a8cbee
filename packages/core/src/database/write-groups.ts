import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Connection } from './engine.ts';
import { endsTransaction, TransactionLost } from './failures.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** How many members a group has at most. */
const mostMembers = 32;
/** How many milliseconds a group waits for more members, in all. The time in which members work does not count. */
const waitMs = 10;
/** After how many milliseconds a group takes no more members. */
const mostMs = 50;

/** Answers a member with the outcome of its work. Called when the group has committed. */
type Answer = () => void;

/** One call of `write`. */
interface Member {
  /** Whether it has a transaction of its own. */
  readonly alone: boolean;
  /** Runs the work. Rejects when the work fails. */
  run(connection: Connection): Promise<Answer>;
  fail(error: unknown): void;
}

/** The members of one transaction. */
interface Group {
  readonly members: Member[];
  readonly began: number;
  waitedMs: number;
}

export interface WriteGroupsParts {
  readonly database: Database.Database;
  readonly connection: SqliteConnection;
  /** Begins a transaction, and waits for other processes that are writing. */
  readonly begin: () => Promise<void>;
  /** Called between two transactions. */
  readonly afterTransaction: () => void;
}

/**
 * Runs the writes of one connection one after the other. Writes that wait at the same time form a group, which is one transaction, because
 * a commit costs more than most writes. Each member of a group works behind a savepoint, so one that fails rolls back alone. The outcome of
 * a member may depend on rows of an earlier one, also when it is refused or a dry run. So all members are answered after the commit. When
 * the transaction is lost, all of them fail.
 */
export class WriteGroups {
  readonly #parts: WriteGroupsParts;
  readonly #waiting: Member[] = [];
  readonly #sql: Readonly<Record<'commit' | 'rollback' | 'savepoint' | 'release' | 'rollbackTo', Database.Statement>>;
  #running: Promise<void> | undefined;

  constructor(parts: WriteGroupsParts) {
    this.#parts = parts;
    const { database } = parts;
    this.#sql = {
      commit: database.prepare('commit'),
      rollback: database.prepare('rollback'),
      savepoint: database.prepare('savepoint member'),
      release: database.prepare('release member'),
      rollbackTo: database.prepare('rollback to member'),
    };
  }

  /** @param alone whether the work has a transaction of its own, because it may take long and others must not wait for it */
  write<T>(alone: boolean, work: (connection: Connection) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = async (connection: Connection): Promise<Answer> => {
      const result = await work(connection);
      return () => resolve(result);
    };
    this.#waiting.push({ alone, run, fail: reject });
    this.#running ??= this.#drain();
    return promise;
  }

  /** Waits until all writes have ended. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Requests that arrived together join the same group.
      await nextTurn();
      if (await this.#begin()) await this.#transaction();
      this.#parts.afterTransaction();
    }
    this.#running = undefined;
  }

  /** Begins a transaction. Returns whether it has begun. If not, those members fail that were waiting before the first try. */
  async #begin(): Promise<boolean> {
    const { length } = this.#waiting;
    try {
      await this.#parts.begin();
      return true;
    } catch (error) {
      for (const member of this.#waiting.splice(0, length)) member.fail(error);
      return false;
    }
  }

  async #transaction(): Promise<void> {
    const { database } = this.#parts;
    const group: Group = { members: [], began: performance.now(), waitedMs: 0 };
    const { members } = group;
    const answers: Answer[] = [];
    try {
      for (let member = this.#waiting.shift(); member; member = await this.#next(group)) {
        members.push(member);
        // The first member needs no savepoint: if it fails, nothing of others is lost.
        answers.push(members.length === 1 ? await this.#run(member) : await this.#runBehindSavepoint(member));
      }
      this.#sql.commit.run();
    } catch (error) {
      if (database.inTransaction) this.#sql.rollback.run();
      const failure = members.length === 1 ? error : new TransactionLost({ cause: error });
      for (const member of members) member.fail(failure);
      return;
    }
    for (const answer of answers) answer();
  }

  /** Returns the next member of the group. When nobody waits, it gives the event loop a turn, in which more requests may arrive. */
  async #next(group: Group): Promise<Member | undefined> {
    const now = performance.now();
    const closed = group.members.length === mostMembers || group.waitedMs > waitMs || now - group.began > mostMs;
    if (closed || group.members[0]?.alone) return undefined;
    if (this.#waiting.length === 0) {
      await nextTurn();
      group.waitedMs += performance.now() - now;
    }
    return this.#waiting[0]?.alone ? undefined : this.#waiting.shift();
  }

  async #run(member: Member): Promise<Answer> {
    const { database, connection } = this.#parts;
    let ended = false;
    // Otherwise a late statement of work that has failed would run in the transaction of another member, or in none.
    const check = () => {
      if (ended || !database.inTransaction) throw new TransactionLost();
    };
    try {
      return await member.run(connection.open(check));
    } finally {
      ended = true;
    }
  }

  /** Rejects only when the transaction of the whole group is lost. */
  async #runBehindSavepoint(member: Member): Promise<Answer> {
    const { savepoint, release, rollbackTo } = this.#sql;
    savepoint.run();
    try {
      const answer = await this.#run(member);
      release.run();
      return answer;
    } catch (error) {
      if (!this.#parts.database.inTransaction || endsTransaction(error)) throw error;
      rollbackTo.run();
      release.run();
      return () => member.fail(error);
    }
  }
}
