import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many milliseconds statements may follow each other before the event loop gets its turn. */
const turnMs = 10;

/**
 * Lets the event loop run between the statements of a long transaction, or of many short ones in a row. Statements are synchronous
 * and their promises run as microtasks, so nothing else would run until the last of them.
 */
export class Pace {
  /** When the first statement of this turn of the event loop began. */
  #since: number | null = null;

  /** What to wait for before the next statement: the next turn when this one has lasted long enough. */
  keep(): Promise<void> | undefined {
    if (this.#since !== null) return performance.now() - this.#since > turnMs ? this.#next() : undefined;
    this.#since = performance.now();
    setImmediate(() => (this.#since = null));
    return undefined;
  }

  async #next(): Promise<void> {
    await nextTurn();
    await this.keep();
  }
}
