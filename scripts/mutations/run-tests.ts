import { spawn } from 'node:child_process';
import { join } from 'node:path';
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

interface Report {
  tests: number;
  red: Red[];
}

const marker = '\u001etests:';

function nameOf(test: TestCase | TestSuite): string {
  const names = [test.name];
  for (let at = test.parent; at.type === 'suite'; at = at.parent) names.unshift(at.name);
  return names.join(' ');
}

/** Notes what fails, and stops at the first failure that counts. */
class FirstRed implements Reporter {
  readonly report: Report = { tests: 0, red: [] };
  readonly #unless: ReadonlySet<string> | null;
  readonly #stop: () => void;

  constructor(unless: readonly string[] | undefined, stop: () => void) {
    this.#unless = unless ? new Set(unless) : null;
    this.#stop = stop;
  }

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state !== 'skipped') this.report.tests++;
    if (state === 'failed') this.#note(test.module, nameOf(test));
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#note(suite.module, `${nameOf(suite)} (around its tests)`);
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#note(module, '(around all tests)');
  }

  #note(module: TestModule, name: string): void {
    const red = { file: module.relativeModuleId, name };
    if (this.#unless?.has(keyOf(red))) return;
    this.report.red.push(red);
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
  process.stdout.write(`${marker}${JSON.stringify(reporter.report)}\n`);
}

/** Longer than any of the test files takes. */
const timeoutMs = 240_000;

const withoutPostgres = { TENON_TEST_POSTGRES: 'postgres://nobody@localhost' };

/** Runs test files, and answers what failed. @throws when the run itself broke */
export async function runTests(run: TestRun): Promise<Red[]> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(run)], {
    cwd: run.root,
    env: {
      ...process.env,
      ...(run.files.some(onPostgres) ? {} : withoutPostgres),
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: join(run.root, 'compiled'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const written = log.split('\n').find((line) => line.startsWith(marker));
  if (written === undefined) throw new Error(`The tests did not run: ${log.slice(0, 1000)}`);
  const { tests, red } = JSON.parse(written.slice(marker.length)) as Report;
  if (tests === 0 && red.length === 0) throw new Error(`There were no tests: ${log.slice(0, 1000)}`);
  return red;
}

if (import.meta.main) await runVitest(JSON.parse(process.argv[2] ?? '') as TestRun);
