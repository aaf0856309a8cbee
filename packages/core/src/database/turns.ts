import { errors } from '../kernel/errors.ts';

type Waiter = () => void;

interface TurnLimits {
  /** How many pieces of work may run at once. */
  all: number;
  /** How many of them may have the same key. */
  each: number;
  /** How long a piece of work may wait for its turn, in milliseconds. */
  waitMs: number;
}

/**
 * Limits how much work runs at once, in total and for each key. Work of one key starts in the order in which it came. Keys take turns,
 * so one with many waiters does not delay the others.
 */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #running = new Map<string, number>();
  #total = 0;
  /** Those who wait, by key. The key that was served last comes last. */
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Runs work when it is its turn.
   * @throws `database_busy` when it has waited for too long
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    // Nobody is overtaken: those who wait all have keys that may not run now.
    if (this.#mayRun(key)) this.#start(key);
    else await this.#turn(key);
    try {
      return await work();
    } finally {
      this.#end(key);
    }
  }

  #mayRun(key: string): boolean {
    return this.#total < this.#limits.all && (this.#running.get(key) ?? 0) < this.#limits.each;
  }

  #start(key: string): void {
    this.#total++;
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
  }

  #end(key: string): void {
    this.#total--;
    const left = (this.#running.get(key) ?? 1) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
    for (const [next, waiters] of this.#waiting) {
      const [first] = this.#mayRun(next) ? waiters : [];
      if (!first) continue;
      this.#waiting.delete(next);
      waiters.delete(first);
      if (waiters.size > 0) this.#waiting.set(next, waiters);
      this.#start(next);
      first();
      return;
    }
  }

  #turn(key: string): Promise<void> {
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiters);
    return new Promise((resolve, reject) => {
      const go = () => {
        clearTimeout(tooLate);
        resolve();
      };
      const tooLate = setTimeout(() => {
        waiters.delete(go);
        if (waiters.size === 0) this.#waiting.delete(key);
        reject(errors.database_busy({ retryAfter: 1 }));
      }, this.#limits.waitMs);
      waiters.add(go);
    });
  }
}
