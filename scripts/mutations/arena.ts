import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Copy } from './copy.ts';
import type { Mutation } from './mutation.ts';
import { Queue, type Shown } from './queue.ts';
import type { Red } from './run-tests.ts';
import type { Met, Notes, Plan } from './runtime.ts';
import { switchedTest } from './switches.ts';

/** How many test files a mutation is tried with at a time. Mostly the first one notices it. */
const rounds = [1, 1, 2, 4, Infinity];

/** In milliseconds. Of a test file that takes longer, only the tests that meet the check run. */
const long = 1000;

/** A mutation with the numbers of its switches. */
export interface Pending {
  mutation: Mutation;
  off: readonly number[];
  masks: readonly number[];
}

/** Is called with the first test that fails because of a mutation. */
export type Noticed = (pending: Pending, red: Red, masked: boolean) => void;

/** See `Met`. */
type How = keyof Met;

/** The result of a test file, and the checks that it met. */
type Known = Shown & Pick<Notes, 'tests'>;

const isMet = (met: Met, numbers: readonly number[], how: How): boolean =>
  numbers.some((number) => met[how].includes(number));

/** Runs test files on one database, and records which checks they meet. */
export class Arena {
  readonly #root: string;
  readonly #queue: Queue;
  readonly #known = new Map<string, Known>();
  /** The same while masks are off, or for some of the tests of a file. */
  readonly #special = new Map<string, Promise<Known>>();
  /** The numbers of the checks that run while code is loaded. */
  readonly loaded = new Set<number>();

  /** @param postgres the URL of a server. @default the tests run on SQLite */
  constructor(copy: Copy, postgres?: string) {
    this.#root = copy.root;
    this.#queue = new Queue(copy, postgres);
  }

  /** What is known of each file while nothing is off. */
  get known(): ReadonlyMap<string, Known> {
    return this.#known;
  }

  /** Records what test files meet while nothing is off. */
  async record(files: readonly string[]): Promise<void> {
    const unknown = files.filter((file) => !this.#known.has(file));
    await Promise.all(unknown.map(async (file) => this.#known.set(file, await this.#watch(file, []))));
  }

  /** Whether a file has tests that meet one of the checks. */
  meets(file: string, numbers: readonly number[], how: How): boolean {
    return Object.values(this.#known.get(file)?.tests ?? {}).some((met) => isMet(met, numbers, how));
  }

  /**
   * Tries mutations, each with test files of its own, until a test fails that passes without the mutation.
   * @param masked whether the masks are off as well
   * @returns the mutations that no test has noticed
   */
  async attempt(
    all: readonly Pending[],
    filesOf: (pending: Pending) => readonly string[],
    noticed: Noticed,
    masked = false,
  ): Promise<Pending[]> {
    const green = await Promise.all(
      all.map(async (pending) => {
        const files = [...filesOf(pending)];
        for (const size of rounds) {
          const tried = files.splice(0, size).map((file) => this.#try(pending, file, masked));
          const red = (await Promise.all(tried)).find((one) => one !== null);
          if (!red) continue;
          noticed(pending, red, masked);
          return [];
        }
        return [pending];
      }),
    );
    return green.flat();
  }

  /** Finds the first test of a file that fails because of a mutation. */
  async #try(pending: Pending, file: string, masked: boolean): Promise<Red | null> {
    const { off, masks, mutation } = pending;
    const whole = masked ? await this.#without(file, masks) : this.#known.get(file);
    if (!whole) throw new Error(`${file} was not recorded.`);
    const only = mutation.sql === undefined ? this.#only(whole, off, masked) : undefined;
    if (!only) return this.#redIn(file, pending, masked, whole);
    if (only.length === 0) return null;
    const before = await this.#without(file, masked ? masks : [], only);
    const red = await this.#redIn(file, pending, masked, before, only);
    // A statement is built once for each database, so a condition of it is met by the first test alone. Later tests may notice it.
    return red || mutation.kind !== 'narrowed' ? red : this.#redIn(file, pending, masked, whole);
  }

  /** Runs a file while a check is off. `before` is the result of the same tests while it is on. */
  async #redIn(
    file: string,
    { off, masks, mutation: { sql } }: Pending,
    masked: boolean,
    before: Known,
    only?: readonly string[],
  ): Promise<Red | null> {
    // If tests fail without the mutation too, the first failure says nothing.
    const all = before.fails.length > 0;
    const { fails } = await this.#run(file, { off: [...(masked ? masks : []), ...off], all, only, sql });
    const name = fails.find((one) => !before.fails.includes(one));
    return name === undefined ? null : { file, name };
  }

  /** The tests of a long file that meet a check. Undefined means all tests. */
  #only({ takes, tests }: Known, numbers: readonly number[], masked: boolean): string[] | undefined {
    const { '': around, ...named } = tests;
    // If the check acts in a hook, any test may depend on it.
    if (takes < long || (around && isMet(around, numbers, 'fired'))) return undefined;
    const meeting = (how: How) =>
      Object.entries(named).flatMap(([name, met]) => (isMet(met, numbers, how) ? [name] : []));
    const fired = masked ? [] : meeting('fired');
    return fired.length > 0 ? fired : meeting('reached');
  }

  /** Records what a file meets while masks are off. */
  #without(file: string, masks: readonly number[], only?: readonly string[]): Promise<Known> {
    const key = JSON.stringify([file, masks, only]);
    const known = this.#special.get(key) ?? this.#watch(file, masks, only);
    this.#special.set(key, known);
    return known;
  }

  async #watch(file: string, off: readonly number[], only?: readonly string[]): Promise<Known> {
    const id = createHash('sha256')
      .update(JSON.stringify([file, off, only]))
      .digest('hex');
    const path = join(this.#root, `${id}.json`);
    const shown = await this.#run(file, { off, all: true, only, notes: path });
    if (!existsSync(path)) throw new Error(`${file} cannot be loaded: ${shown.fails.join(', ')}`);
    const { tests, loaded } = JSON.parse(readFileSync(path, 'utf8')) as Notes;
    rmSync(path);
    for (const number of loaded) this.loaded.add(number);
    return { ...shown, tests };
  }

  #run(file: string, plan: Plan): Promise<Shown> {
    return this.#queue.run(switchedTest(this.#root, file, plan));
  }
}
