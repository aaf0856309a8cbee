import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many milliseconds statements may follow each other before the event loop gets its turn. */
const turnMs = 10;

/**
 * Lets the event loop run between the statements of a long transaction, or of many short ones in a row. Statements are synchronous
 * and their promises run as microtasks, so nothing else would run until the last of them. Statements run in the order in which they were
 * sent, as on PostgreSQL: a row is then written before those that refer to it.
 */
export class Pace {
  /** When the first statement of this turn of the event loop began. */
  #since: number | null = null;
  /** How many statements wait. */
  #waiting = 0;
  /** Ends when the last of them has run. */
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a statement: at once, or in a later turn when this one has lasted long enough or others wait already. */
  run<Result>(statement: () => Result): Result | Promise<Result> {
    if (this.#waiting > 0 || this.#isOver()) return this.#runLater(statement);
    return statement();
  }

  #runLater<Result>(statement: () => Result): Promise<Result> {
    this.#waiting++;
    const running = this.#runAfter(this.#last, statement);
    this.#last = running.catch(() => {});
    return running;
  }

  async #runAfter<Result>(before: Promise<unknown>, statement: () => Result): Promise<Result> {
    await before;
    while (this.#isOver()) await nextTurn();
    this.#waiting--;
    return statement();
  }

  #isOver(): boolean {
    if (this.#since !== null) return performance.now() - this.#since > turnMs;
    this.#since = performance.now();
    setImmediate(() => (this.#since = null));
    return false;
  }
}
