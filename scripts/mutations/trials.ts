import { prepareTemplate, startPostgresOrExit } from '../../packages/core/src/testing/index.ts';
import { Arena, type Noticed, type Pending } from './arena.ts';
import { Copy } from './copy.ts';
import type { Mutation } from './mutation.ts';
import { workers } from './queue.ts';
import { keyOf, runTests } from './run-tests.ts';
import { Switches, testDatabases } from './switches.ts';
import { closeness, distance, type TestFile, testFilesOf } from './test-files.ts';

export interface Outcome {
  mutation: Mutation;
  /** Red: a test fails, as it should. Green: all tests pass. */
  verdict: 'red' | 'GREEN';
  /** The test that fails, or a hint for the missing test. */
  why: string;
}

const ofDatabase = 'packages/core/src/database/';

const ofPolicy = ({ mutation }: Pending): boolean => mutation.sql !== undefined;

const fileOf = ({ mutation }: Pending): string => mutation.owner.source.file;

/** How long a test file takes, in milliseconds. */
const takes = (arena: Arena, file: string): number => arena.known.get(file)?.takes ?? 0;

/** Tries mutations with the tests that meet them, the fastest first. Then tries those that have masks again, with the masks off. */
async function attempt(
  arena: Arena,
  pending: readonly Pending[],
  filesOf: (pending: Pending) => readonly string[],
  noticed: Noticed,
): Promise<Pending[]> {
  const meeting = (one: Pending, how: 'fired' | 'reached'): string[] =>
    filesOf(one)
      .filter((file) => arena.meets(file, one.off, how))
      .sort((a, b) => takes(arena, a) - takes(arena, b));
  const alone = (one: Pending): string[] => {
    const fired = meeting(one, 'fired');
    // Some calls do something else than throw.
    return fired.length === 0 && one.mutation.kind === 'called' ? meeting(one, 'reached') : fired;
  };
  const left = await arena.attempt(pending, alone, noticed);
  const masked = left.filter(({ masks }) => masks.length > 0);
  const green = await arena.attempt(masked, (one) => meeting(one, 'reached'), noticed, true);
  return left.filter((one) => one.masks.length === 0 || green.includes(one));
}

/** Tries the tests of the same folder, then those of the same package, then the rest. Most mutations need only the first. */
async function onSqlite(
  arena: Arena,
  tests: readonly TestFile[],
  pending: readonly Pending[],
  noticed: Noticed,
): Promise<Pending[]> {
  const files = tests.filter((test) => !test.onPostgres).map(({ path }) => path);
  let left = [...pending];
  for (const step of [0, 1, 2]) {
    const near = (one: Pending) => files.filter((file) => distance(file, fileOf(one)) === step);
    await arena.record([...new Set(left.flatMap(near))]);
    left = await attempt(arena, left, near, noticed);
  }
  return left;
}

/** The tests that fail although nothing is off. They cannot notice anything. */
const failing = (arena: Arena): string[] =>
  [...arena.known].flatMap(([file, { fails }]) => fails.map((name) => keyOf({ file, name })));

/** Tries checks that run while code is loaded. They cannot be switched off later, so each gets a process in which it is off from the start. */
async function fromTheStart(
  copy: Copy,
  arena: Arena,
  pending: readonly Pending[],
  noticed: Noticed,
): Promise<Pending[]> {
  const green = new Set(pending);
  const queue = pending.filter(({ off }) => off.some((number) => arena.loaded.has(number)));
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const { off, mutation } = one;
      const near = (file: string): number => closeness(file, mutation.owner.source.file);
      const files = [...arena.known.keys()].sort((a, b) => near(b) - near(a) || takes(arena, a) - takes(arena, b));
      const [red] = (await runTests({ root: copy.root, files, off, unless: failing(arena) })).red;
      if (!red) continue;
      green.delete(one);
      noticed(one, red, false);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return [...green];
}

/** Tries the walls of PostgreSQL itself, and the code of the database that runs on PostgreSQL only. */
async function onPostgres(
  copy: Copy,
  tests: readonly TestFile[],
  pending: readonly Pending[],
  noticed: Noticed,
): Promise<{ left: Pending[]; arena: Arena }> {
  const [policies, code] = [pending.filter(ofPolicy), pending.filter((one) => !ofPolicy(one))];
  const files = tests
    .filter((test) => test.onPostgres || (code.length > 0 && test.path.startsWith(ofDatabase)))
    .map(({ path }) => path);
  const server = await startPostgresOrExit();
  try {
    await prepareTemplate(server.url);
    const arena = new Arena(copy, server.url);
    await arena.record(files);
    // The slowest file is the one about policies.
    const slowest = tests
      .flatMap((test) => (test.onPostgres ? [test.path] : []))
      .sort((a, b) => takes(arena, b) - takes(arena, a));
    const left = await arena.attempt(policies, () => slowest, noticed);
    return { arena, left: [...left, ...(await attempt(arena, code, () => files, noticed))] };
  } finally {
    await server.stop();
  }
}

/** A hint for the test that is missing. */
function whyGreen({ off }: Pending, arenas: readonly Arena[]): string {
  const isMet = (how: 'reached' | 'fired') =>
    arenas.some((arena) => [...arena.known.keys()].some((file) => arena.meets(file, off, how)));
  if (off.some((number) => arenas[0]?.loaded.has(number)))
    return 'It runs while code is loaded, and all tests pass without it.';
  if (off.length === 0 || isMet('fired')) return 'It acts in tests, and they pass without it.';
  return isMet('reached') ? 'It runs in tests, and acts in none of them.' : 'It runs in no test.';
}

/**
 * Tries mutations: on SQLite, then from the start of a process, then on PostgreSQL. docs/mutation-testing.md explains why.
 * @param tell is called with each outcome as soon as it is known
 * @returns the tests that fail although nothing is off
 */
export async function tryAll(
  root: string,
  mutations: readonly Mutation[],
  tell: (outcome: Outcome) => void,
): Promise<string[]> {
  const switches = new Switches();
  const all = mutations.map((mutation): Pending => ({
    mutation,
    off: switches.numbersOf(mutation.off),
    masks: switches.numbersOf(mutation.masks),
  }));
  const noticed: Noticed = ({ mutation }, red, masked) =>
    tell({ mutation, verdict: 'red', why: keyOf(red) + (masked ? ' (with its masks off)' : '') });
  const copy = new Copy(root);
  try {
    copy.write([...switches.texts(root), testDatabases(root)]);
    const tests = testFilesOf(root);
    const arena = new Arena(copy);
    const arenas = [arena];
    const inCode = await onSqlite(
      arena,
      tests,
      all.filter((one) => !ofPolicy(one)),
      noticed,
    );
    let left = [...(await fromTheStart(copy, arena, inCode, noticed)), ...all.filter(ofPolicy)];
    const isForPostgres = (one: Pending) => ofPolicy(one) || fileOf(one).startsWith(ofDatabase);
    if (left.some(isForPostgres)) {
      const tried = await onPostgres(copy, tests, left.filter(isForPostgres), noticed);
      arenas.push(tried.arena);
      left = [...left.filter((one) => !isForPostgres(one)), ...tried.left];
    }
    for (const one of left) tell({ mutation: one.mutation, verdict: 'GREEN', why: whyGreen(one, arenas) });
    return arenas.flatMap(failing);
  } finally {
    copy.remove();
  }
}
