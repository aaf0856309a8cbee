import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type Reporter,
  startVitest,
  type TestCase,
  type TestModule,
  type TestSequencer,
  type TestSuite,
} from 'vitest/node';

/** A test that failed, or what stands around tests and failed. */
export interface Red {
  file: string;
  name: string;
}

export interface TestRun {
  /** The copy of the repository. */
  root: string;
  /** The likeliest to fail first. */
  files: readonly string[];
  /** Which of their tests by full name. @default all */
  named?: string | undefined;
  /** Ends with the first that fails and is not among these, by `keyOf`. @default never: every failure is told */
  unless?: readonly string[] | undefined;
}

export const keyOf = ({ file, name }: Red): string => `${file}: ${name}`;

/** What the child says as it goes. */
type Said = { red: Red } | { ended: string; tests: number };

const marker = '\u001etests:';

const say = (said: Said): void => void process.stdout.write(`\n${marker}${JSON.stringify(said)}\n`);

function nameOf(test: TestCase | TestSuite): string {
  const names = [test.name];
  for (let at = test.parent; at.type === 'suite'; at = at.parent) names.unshift(at.name);
  return names.join(' ');
}

/** Tells what fails, and stops at the first failure that counts. */
class FirstRed implements Reporter {
  #tests = 0;
  readonly #unless: ReadonlySet<string> | null;
  readonly #stop: () => void;

  constructor(unless: readonly string[] | undefined, stop: () => void) {
    this.#unless = unless ? new Set(unless) : null;
    this.#stop = stop;
  }

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state !== 'skipped') this.#tests++;
    if (state === 'failed') this.#note(test.module, nameOf(test));
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#note(suite.module, `${nameOf(suite)} (around its tests)`);
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#note(module, '(around all tests)');
    say({ ended: module.relativeModuleId, tests: this.#tests });
  }

  #note(module: TestModule, name: string): void {
    const red = { file: module.relativeModuleId, name };
    if (this.#unless?.has(keyOf(red))) return;
    say({ red });
    if (this.#unless) this.#stop();
  }
}

/** What mocks modules is alone in its process; the rest loads the code once. */
const isolated = 'packages/*/src/**/*.isolated.test.ts';

const onPostgres = (file: string): boolean => file.includes('policies');

/** The child: runs Vitest, and writes the report. The projects of the repository's own configuration are not all there. */
async function runVitest({ root, files, named, unless }: TestRun): Promise<void> {
  class InOrder implements TestSequencer {
    readonly shard = <Files>(all: Files): Files => all;
    readonly sort: TestSequencer['sort'] = (all) => {
      const place = ({ moduleId }: { moduleId: string }) => files.findIndex((file) => moduleId.endsWith(file));
      return all.toSorted((a, b) => place(a) - place(b));
    };
  }
  const reporter = new FirstRed(unless, () => void vitest?.cancelCurrentRun('test-failure'));
  let vitest: Awaited<ReturnType<typeof startVitest>> | undefined;
  const capture: Reporter = { onInit: (started) => void (vitest = started) };
  await startVitest('test', [...files], {
    root,
    config: false,
    watch: false,
    projects: [
      { test: { name: 'shared', include: ['packages/*/src/**/*.test.ts'], exclude: [isolated], isolate: false } },
      { test: { name: 'isolated', include: [isolated] } },
    ].map((project) => ({ ...project, extends: true as const })),
    // A server that nobody asks needs no starting.
    globalSetup: files.some(onPostgres) ? ['packages/core/src/testing/global-setup.ts'] : [],
    fsModuleCachePath: join(root, 'compiled'),
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: InOrder },
    reporters: [capture, reporter],
    ...(named !== undefined && { testNamePattern: new RegExp(named) }),
  });
  await vitest?.close();
}

const withoutPostgres = { TENON_TEST_POSTGRES: 'postgres://nobody@localhost' };

/** Longer than any of the test files takes. */
const patienceMs = 120_000;

/**
 * Runs test files, and answers what failed. What a check keeps from going round for ever may do so now: then the file that did not
 * end has failed, and those behind it have not run.
 * @throws when the run itself broke
 */
export async function runTests(run: TestRun): Promise<{ red: Red[]; ended: ReadonlySet<string> }> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(run)], {
    cwd: run.root,
    env: {
      ...process.env,
      ...(run.files.some(onPostgres) ? {} : withoutPostgres),
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: join(run.root, 'compiled'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // With the processes that it starts.
    detached: true,
  });
  const [red, ended] = [[] as Red[], new Set<string>()];
  let [log, tests, stuck] = ['', 0, false];
  const giveUp = (): void => {
    stuck = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', giveUp);
  let timer = setTimeout(giveUp, patienceMs);
  const hear = (line: string): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, patienceMs);
    const said = JSON.parse(line.slice(marker.length)) as Said;
    if ('red' in said) red.push(said.red);
    else {
      ended.add(said.ended);
      ({ tests } = said);
    }
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith(marker)) hear(line);
    else log += `${line}\n`;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  await new Promise((resolve) => child.once('close', resolve));
  process.off('exit', giveUp);
  clearTimeout(timer);
  if (stuck) {
    const file = run.files.find((one) => !ended.has(one)) ?? '';
    return { red: [...red, { file, name: '(does not end)' }], ended: ended.add(file) };
  }
  if (tests === 0 && red.length === 0) throw new Error(`There were no tests: ${log.slice(0, 1000)}`);
  return { red, ended };
}

if (import.meta.main) await runVitest(JSON.parse(process.argv[2] ?? '') as TestRun);
