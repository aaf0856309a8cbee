import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Copy } from './copy.ts';
import type { Mutation } from './mutation.ts';
import { keyOf, type Red, runTests } from './run-tests.ts';
import { recordingTest, switchable, type Switched, Switches, switchedTest } from './switches.ts';
import type { Outcome } from './trial.ts';

/** How many of its test files a mutation is tried with at a time: it is mostly the first that notices. */
const rounds = [1, 1, 2, 4, 100];

/** Test files that one process runs at most. */
const largestBatch = 20;

interface Pending {
  mutation: Mutation;
  off: number[];
  masks: number[];
  tests: string[];
  /** Those that have run, or need not: they do not come by the check. */
  ran: string[];
}

interface Run {
  test: Switched;
  /** Is told what failed, once the tests have run. */
  done: (names: readonly string[], copy: Copy) => void;
}

/** Runs test files in copies, some in one process after another. */
async function runAll(copies: readonly Copy[], runs: readonly Run[]): Promise<void> {
  const size = Math.min(largestBatch, Math.max(1, Math.ceil(runs.length / copies.length)));
  const batches = Array.from({ length: Math.ceil(runs.length / size) }, (_, index) =>
    runs.slice(index * size, (index + 1) * size),
  );
  const runBatch = async (copy: Copy, batch: readonly Run[]): Promise<void> => {
    const files = batch.map(({ test }) => test);
    const run = { root: copy.root, files: files.map(({ path }) => path) };
    const { red, ended } = await copy.holding(files, () => runTests(run));
    const namesIn = (path: string) => red.filter(({ file }) => file === path).map(({ name }) => name);
    for (const { test, done } of batch) if (ended.has(test.path)) done(namesIn(test.path), copy);
    // One that does not end keeps those behind it from running.
    const behind = batch.filter(({ test }) => !ended.has(test.path));
    if (behind.length > 0 && behind.length < batch.length) batches.push(behind);
  };
  await Promise.all(
    copies.map(async (copy) => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) await runBatch(copy, batch);
    }),
  );
}

/** Which switches each test file comes by. What it fails without any of them off is told in `before`. */
async function record(
  copies: readonly Copy[],
  root: string,
  files: readonly string[],
  before: Map<string, readonly string[]>,
): Promise<Map<string, ReadonlySet<number>>> {
  const seen = new Map<string, ReadonlySet<number>>();
  const runs = files.map((file): Run => {
    const test = recordingTest(root, file);
    const done = (names: readonly string[], copy: Copy): void => {
      const notes = join(copy.root, `${test.path}.json`);
      seen.set(file, new Set(JSON.parse(readFileSync(notes, 'utf8')) as number[]));
      rmSync(notes);
      before.set(switchedTest(root, file, [], true).path, names);
    };
    return { test, done };
  });
  await runAll(copies, runs);
  return seen;
}

/**
 * Tries the mutations that can be switched off while the code runs, each with its own test files.
 * @returns those that none of these tests notices, with the tests that are left, and those that cannot be switched off so
 */
export async function trySwitched(
  copies: readonly Copy[],
  mutations: readonly Mutation[],
  tell: (outcome: Outcome) => void,
): Promise<Mutation[]> {
  const switches = new Switches();
  const rest: Mutation[] = [];
  let pending: Pending[] = [];
  for (const mutation of mutations) {
    const [off, masks, tests] = [switches.of(mutation.patches), switches.of(mutation.masks), switchable(mutation)];
    if (off && off.length > 0 && masks && tests.length > 0) pending.push({ mutation, off, masks, tests, ran: [] });
    else rest.push(mutation);
  }
  const [first] = copies;
  if (!first || pending.length === 0) return rest;
  const texts = switches.texts(first.root);
  for (const copy of copies) copy.write(texts);
  const before = new Map<string, readonly string[]>();
  const seen = await record(copies, first.root, [...new Set(pending.flatMap(({ tests }) => tests))], before);
  for (const one of pending) {
    const comeBy = (file: string) => one.off.some((number) => seen.get(file)?.has(number) ?? true);
    one.ran = one.tests.filter((file) => !comeBy(file));
    one.tests = one.tests.filter(comeBy);
  }
  let from = 0;
  for (const size of rounds) {
    const started = performance.now();
    const runs = new Map<string, Run>();
    const red = new Map<Pending, Red>();
    const found: { one: Pending; file: string; baseline: Switched; names: readonly string[] }[] = [];
    for (const one of pending)
      for (const file of one.tests.slice(from, from + size)) {
        // Alone first: what stands in front of a check may be what the tests look at.
        for (const masks of one.masks.length > 0 ? [[], one.masks] : [[]]) {
          const baseline = switchedTest(first.root, file, masks, true);
          if (!before.has(baseline.path))
            runs.set(baseline.path, { test: baseline, done: (names) => before.set(baseline.path, names) });
          const test = switchedTest(first.root, file, [...masks, ...one.off], masks.length > 0);
          runs.set(test.path, { test, done: (names) => found.push({ one, file, baseline, names }) });
        }
      }
    await runAll(copies, [...runs.values()]);
    for (const { one, file, baseline, names } of found) {
      if (!one.ran.includes(file)) one.ran.push(file);
      const known = before.get(baseline.path);
      const name = known && names.find((each) => !known.includes(each));
      if (name !== undefined && !red.has(one)) red.set(one, { file, name });
    }
    const seconds = (performance.now() - started) / 1000 / Math.max(1, red.size);
    for (const [{ mutation }, why] of red) tell({ mutation, verdict: 'red', why: keyOf(why), seconds });
    pending = pending.filter((one) => !red.has(one));
    from += size;
  }
  for (const copy of copies) copy.restore(texts.keys());
  return [
    ...rest,
    ...pending.map(({ mutation, ran }) => ({
      ...mutation,
      tests: mutation.tests.filter((test) => !ran.includes(test)),
    })),
  ];
}
