import { writeFileSync } from 'node:fs';
import { afterAll, beforeEach } from 'vitest';

/*
 * Runs in the processes of the tests. The code that is inserted around a check asks here whether the check is off. So one process
 * can try many mutations, and loads the code once.
 */

/** How a test file runs. */
export interface Plan {
  /** The numbers of the checks that are off. */
  off: readonly number[];
  /** Whether tests run on after the first that fails. */
  all: boolean;
  /** The full names of the tests that run. @default all */
  only?: readonly string[] | undefined;
  /** The file for the notes. @default no notes are written */
  notes?: string | undefined;
  /** Runs in each PostgreSQL database that the tests create. */
  sql?: string | undefined;
}

/** The numbers of the checks that a test met. */
export interface Met {
  /** They ran. */
  reached: number[];
  /** They would have behaved differently if they had been off. */
  fired: number[];
}

export interface Notes {
  /** By the full name of the test. The empty name is for hooks around the tests. */
  tests: Record<string, Met>;
  /** The checks that ran while code was loaded. */
  loaded: number[];
}

class Meeting {
  readonly reached = new Set<number>();
  readonly fired = new Set<number>();
}

class Switches {
  /** @default both */
  readonly dialects = process.env['TENON_MUTATE_DIALECT']?.split(',');
  sql: string | undefined;
  readonly #loading = new Meeting();
  readonly #offAtLoad = new Set(process.env['TENON_MUTATE_OFF']?.split(',').map(Number));
  #off: ReadonlySet<number> = this.#offAtLoad;
  #now = this.#loading;

  off(number: number): boolean {
    this.#now.reached.add(number);
    return this.#off.has(number);
  }

  fired(number: number): void {
    this.#now.fired.add(number);
  }

  /** Each test file calls this in its first statement. */
  begin({ off, all, only, notes, sql }: Plan): void {
    if (off.length > 0) this.#off = new Set(off);
    this.sql = sql;
    const met = new Map<string, Meeting>();
    const meet = (name: string): void => {
      this.#now = met.get(name) ?? new Meeting();
      met.set(name, this.#now);
    };
    meet('');
    const wanted = only && new Set(only);
    let failed = false;
    beforeEach((test) => {
      const { fullTestName: name } = test.task;
      if ((failed && !all) || wanted?.has(name) === false) test.skip();
      meet(name);
      test.onTestFailed(() => void (failed = true));
      test.onTestFinished(() => meet(''));
    });
    afterAll(() => {
      const taken: Notes = { tests: {}, loaded: [...this.#loading.reached] };
      for (const [name, { reached, fired }] of met) taken.tests[name] = { reached: [...reached], fired: [...fired] };
      if (notes !== undefined) writeFileSync(notes, JSON.stringify(taken));
      this.#off = this.#offAtLoad;
      this.#now = this.#loading;
    });
  }
}

declare global {
  var switches: Switches | undefined;
}

globalThis.switches ??= new Switches();
