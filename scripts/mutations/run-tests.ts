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

/** A test that failed, or a hook around tests. */
export interface Red {
  file: string;
  name: string;
}

export interface TestRun {
  /** The copy of the repository. */
  root: string;
  /** They run in this order. */
  files: readonly string[];
  /** The URL of a PostgreSQL server for the tests. @default they run on SQLite */
  postgres?: string | undefined;
  /** What is off from the start of the process. @default nothing */
  off?: readonly number[] | undefined;
  /** Stops at the first test that fails and is not among these (see `keyOf`). @default runs all tests */
  unless?: readonly string[] | undefined;
}

export const keyOf = ({ file, name }: Red): string => `${file}: ${name}`;

/** A message of the child process. */
type Message = { red: Red } | { ended: string; ms: number };

const marker = '\u001etests:';

const send = (message: Message): void => void process.stdout.write(`\n${marker}${JSON.stringify(message)}\n`);

/** Reports failures, and stops at the first one that counts. */
class FirstRed implements Reporter {
  readonly #unless: ReadonlySet<string> | null;
  readonly #stop: () => void;

  constructor(unless: readonly string[] | undefined, stop: () => void) {
    this.#unless = unless ? new Set(unless) : null;
    this.#stop = stop;
  }

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'failed') this.#note(test.module, test.fullName);
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#note(suite.module, `${suite.fullName} (around its tests)`);
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#note(module, '(around all tests)');
    send({ ended: module.relativeModuleId, ms: module.diagnostic().duration });
  }

  #note(module: TestModule, name: string): void {
    const red = { file: module.relativeModuleId, name };
    if (this.#unless?.has(keyOf(red))) return;
    send({ red });
    if (this.#unless) this.#stop();
  }
}

/** Tests that mock modules. Each runs in a process of its own; the others share one. */
const isolated = 'packages/*/src/**/*.isolated.test.ts';

/** The child process. It declares its own projects, because the copy does not contain all projects of the repository. */
async function runVitest({ root, files, unless }: TestRun): Promise<void> {
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
      { name: 'shared', include: ['packages/*/src/**/*.test.ts'], exclude: [isolated], isolate: false },
      { name: 'isolated', include: [isolated] },
    ].map((test) => ({
      test: { ...test, setupFiles: [join(import.meta.dirname, 'runtime.ts')] },
      extends: true as const,
    })),
    fsModuleCachePath: join(root, 'compiled'),
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    sequence: { sequencer: InOrder },
    reporters: [capture, reporter],
  });
  await vitest?.close();
}

/** Nothing listens there. A test that needs PostgreSQL fails at once, instead of starting a server. */
const nowhere = 'postgres://nobody@localhost';

/** Longer than the time between two messages of any test file. */
const patienceMs = 60_000;

export interface TestResult {
  red: Red[];
  /** The duration of each file that ended, in milliseconds. */
  ended: ReadonlyMap<string, number>;
}

/**
 * Runs test files in one process. Code may loop forever while a check is off: the file then counts as failed, and the files after it
 * do not run. A process in which no file ran is tried once more: on a busy machine it may have been killed.
 * @throws if no file could run
 */
export const runTests = (run: TestRun): Promise<TestResult> => runOnce(run).catch(() => runOnce(run));

async function runOnce(run: TestRun): Promise<TestResult> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(run)], {
    cwd: run.root,
    env: {
      ...process.env,
      TENON_TEST_POSTGRES: run.postgres ?? nowhere,
      TENON_MUTATE_DIALECT: run.postgres === undefined ? 'sqlite' : 'postgresql',
      ...(run.off && { TENON_MUTATE_OFF: run.off.join() }),
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: join(run.root, 'compiled'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Makes it the leader of a group, so that its own children can be killed with it.
    detached: true,
  });
  const [red, ended] = [[] as Red[], new Map<string, number>()];
  let [log, stuck] = ['', false];
  const giveUp = (): void => {
    stuck = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', giveUp);
  let timer = setTimeout(giveUp, patienceMs);
  const hear = (line: string): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, patienceMs);
    const message = JSON.parse(line.slice(marker.length)) as Message;
    if ('red' in message) red.push(message.red);
    else ended.set(message.ended, message.ms);
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
    return { red: [...red, { file, name: '(does not end)' }], ended: ended.set(file, patienceMs) };
  }
  if (ended.size === 0 && red.length === 0) throw new Error(`No test file ran: ${log.slice(0, 1000)}`);
  return { red, ended };
}

if (import.meta.main) await runVitest(JSON.parse(process.argv[2] ?? '') as TestRun);
