import { availableParallelism } from 'node:os';
import type { Copy } from './copy.ts';
import { runTests } from './run-tests.ts';
import type { SwitchedTest } from './switches.ts';

/** How many test files one process runs. Starting a process takes as long as running about five of them. */
const [smallestBatch, largestBatch] = [4, 50];

/** More processes than this would only wait for the disk. */
export const workers = Math.min(4, availableParallelism());

/** The result of a test file. */
export interface Shown {
  /** The tests that fail, by their full names. */
  fails: readonly string[];
  /** In milliseconds. */
  takes: number;
}

interface Waiting extends PromiseWithResolvers<Shown> {
  test: SwitchedTest;
}

/** Runs test files in a copy, many in one process after another. */
export class Queue {
  readonly #copy: Copy;
  readonly #postgres: string | undefined;
  readonly #waiting: Waiting[] = [];
  #working = 0;

  /** @param postgres the URL of a server. @default the tests run on SQLite */
  constructor(copy: Copy, postgres?: string) {
    this.#copy = copy;
    this.#postgres = postgres;
  }

  run(test: SwitchedTest): Promise<Shown> {
    const waiting = { test, ...Promise.withResolvers<Shown>() };
    this.#waiting.push(waiting);
    // Files that are requested at the same time share a process.
    setImmediate(() => void this.#work());
    return waiting.promise;
  }

  async #work(): Promise<void> {
    if (this.#working >= workers) return;
    this.#working++;
    while (this.#waiting.length > 0) {
      // Batches become smaller, so that all workers finish at about the same time.
      const share = Math.ceil(this.#waiting.length / (2 * workers));
      const batch = this.#waiting.splice(0, Math.min(largestBatch, Math.max(smallestBatch, share)));
      try {
        this.#waiting.push(...(await this.#runBatch(batch)));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#working--;
  }

  /** @returns the files that did not run, because one before them did not end */
  async #runBatch(batch: readonly Waiting[]): Promise<Waiting[]> {
    const tests = new Map(batch.map(({ test }) => [test.path, test.text]));
    const run = { root: this.#copy.root, files: [...tests.keys()], postgres: this.#postgres };
    const { red, ended } = await this.#copy.holding(tests, () => runTests(run));
    const left: Waiting[] = [];
    for (const waiting of batch) {
      const { path } = waiting.test;
      const takes = ended.get(path);
      if (takes === undefined) left.push(waiting);
      else waiting.resolve({ takes, fails: red.filter(({ file }) => file === path).map(({ name }) => name) });
    }
    if (left.length === batch.length) throw new Error(`Nothing ran of ${run.files.join(', ')}.`);
    return left;
  }
}
