import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mutationsOf } from './mutations/index.ts';
import { type Mutation, type Patch, patched } from './mutations/mutation.ts';

const root = join(import.meta.dirname, '..');

const usage = `npm run mutate [-- OPTIONS]
  --only TEXT   only the mutations whose name contains it
  --list        say which there are, and run none`;

interface Options {
  only: string;
  list: boolean;
}

function readOptions(args: readonly string[]): Options {
  const options: Options = { only: '', list: false };
  for (let at = 0; at < args.length; at++) {
    const next = args[at + 1];
    if (args[at] === '--list') options.list = true;
    else if (args[at] === '--only' && next !== undefined) options.only = args[++at] ?? '';
    else {
      console.error(usage);
      process.exit(2);
    }
  }
  return options;
}

/** What a run needs of the repository. Packages link to each other, so theirs are copied; the rest of node_modules is shared. */
const copied = ['packages', 'package.json', 'tsconfig.base.json'];

/** The projects of the repository's own configuration are not all there. */
const configuration = `export default {
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    globalSetup: ['packages/core/src/testing/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
};
`;

/** Most walls are tested where no other stands behind them: on SQLite. Those of PostgreSQL have tests of their own. */
const onSqlite: Patch = {
  file: 'packages/core/src/testing/databases.ts',
  find: "export const dialects: readonly TestDialect[] = ['sqlite', 'postgresql'];",
  replace: "export const dialects: readonly TestDialect[] = ['sqlite'];",
};

function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'tenon-mutate-'));
  for (const name of copied)
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !['dist', 'coverage', '.turbo'].includes(basename(source)),
    });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, 'results'));
  writeFileSync(join(copy, 'vitest.config.ts'), configuration);
  write(copy, patched(copy, [onSqlite]));
  return copy;
}

function write(copy: string, files: ReadonlyMap<string, string>): void {
  for (const [file, text] of files) writeFileSync(join(copy, file), text);
}

interface Report {
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

/** Longer than any of the test files takes. */
const timeoutMs = 240_000;

/** Runs test files, and answers the names of those that failed. @throws when the run itself broke */
async function failedTests(copy: string, files: readonly string[], named?: RegExp): Promise<string[]> {
  const output = join(copy, 'results', 'report.json');
  rmSync(output, { force: true });
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  const chosen = named ? [...files, '-t', named.source] : files;
  const child = spawn(process.execPath, [vitest, 'run', ...chosen, '--reporter=json', `--outputFile=${output}`], {
    cwd: copy,
    env: { ...process.env, NO_COLOR: '1', ...withoutPostgres(files) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  let report: Report;
  try {
    report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  } catch {
    throw new Error(`The tests did not run: ${log.slice(0, 1000)}`);
  }
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  if (results.length === 0) throw new Error(`There were no tests: ${log.slice(0, 1000)}`);
  return results.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
}

/** A server that nobody asks needs no starting. */
const withoutPostgres = (files: readonly string[]): Record<string, string> =>
  files.some((file) => file.includes('policies')) ? {} : { TENON_TEST_POSTGRES: 'postgres://nobody@localhost' };

interface Outcome {
  mutation: Mutation;
  /** The tests that went red. */
  red: readonly string[];
  /** Why nothing can be said. */
  broken: string | null;
  seconds: number;
}

/** What fails already when only the masks are off, by masks and test files. */
const baselines = new Map<string, Promise<readonly string[]>>();

async function tryMutation(copy: string, mutation: Mutation): Promise<Outcome> {
  const started = performance.now();
  const { patches, masks, tests, named } = mutation;
  const run = async (applied: readonly Patch[]): Promise<string[]> => {
    const files = patched(copy, applied);
    const originals = new Map([...files.keys()].map((file) => [file, readFileSync(join(copy, file), 'utf8')]));
    write(copy, files);
    try {
      return await failedTests(copy, tests, named);
    } finally {
      write(copy, originals);
    }
  };
  let red: readonly string[] = [];
  let broken: string | null = null;
  try {
    if (patches.length === 0) throw new Error('There is nothing to patch.');
    const key = JSON.stringify([masks, tests, named?.source]);
    let baseline = baselines.get(key);
    if (!baseline) baselines.set(key, (baseline = run(masks)));
    const before = new Set(await baseline);
    red = (await run([...masks, ...patches])).filter((name) => !before.has(name));
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  return { mutation, red, broken, seconds: (performance.now() - started) / 1000 };
}

const verdict = ({ red, broken }: Outcome): string => (broken !== null ? 'BROKEN' : red.length > 0 ? 'red' : 'GREEN');

function tell(outcome: Outcome, done: number, all: number): void {
  const { mutation, red, broken, seconds } = outcome;
  console.log(`${verdict(outcome)} ${mutation.name} (${done} of ${all}, ${seconds.toFixed(1)} s)`);
  for (const name of red.slice(0, 3)) console.log(`    ${name}`);
  if (red.length > 3) console.log(`    and ${red.length - 3} more`);
  if (broken !== null) console.log(`    ${broken}`);
}

async function main(): Promise<void> {
  const { only, list } = readOptions(process.argv.slice(2));
  const chosen = mutationsOf(root).filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    console.error(`No mutation is called ${only}: see --list.`);
    process.exit(2);
  }
  if (list) {
    for (const { name } of chosen) console.log(name);
    return;
  }
  const started = performance.now();
  const queue = [...chosen];
  const outcomes: Outcome[] = [];
  const copies = Array.from({ length: Math.min(2, availableParallelism(), chosen.length) }, copyRepository);
  try {
    await Promise.all(
      copies.map(async (copy) => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const outcome = await tryMutation(copy, next);
          outcomes.push(outcome);
          tell(outcome, outcomes.length, chosen.length);
        }
      }),
    );
  } finally {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  }
  console.log(`\n${'verdict'.padEnd(8)}${'red'.padStart(5)}  mutation`);
  for (const mutation of chosen) {
    const outcome = outcomes.find((one) => one.mutation === mutation);
    if (outcome)
      console.log(`${verdict(outcome).padEnd(8)}${String(outcome.red.length).padStart(5)}  ${mutation.name}`);
  }
  const unseen = outcomes.filter((outcome) => verdict(outcome) !== 'red');
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`\n${outcomes.length} mutations in ${minutes} minutes: ${unseen.length} that no test sees`);
  process.exitCode = unseen.length > 0 ? 1 : 0;
}

await main();
