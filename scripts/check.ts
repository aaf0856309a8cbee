import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The checks that a change must pass. `npm run check -- types lint` runs only the named ones. */
const checks: Record<string, string[]> = {
  types: ['turbo', 'run', 'types', '--continue', '--output-logs=errors-only'],
  lint: ['oxlint'],
  format: ['oxfmt', '--check'],
  boundaries: ['node', 'scripts/boundaries.ts'],
  unused: ['knip', '--no-progress', '--no-config-hints'],
  lockfile: ['node', 'scripts/lockfile.ts'],
  vulnerabilities: ['node', 'scripts/vulnerabilities.ts'],
  openapi: ['node', 'packages/api/src/drift.ts'],
  'openapi-lint': ['node', 'scripts/openapi-lint.ts'],
  migrations: ['node', 'packages/core/src/database/migrations/drift.ts'],
};

/** Checks whose output is printed even if they pass. */
const verbose: ReadonlySet<string> = new Set(['vulnerabilities']);

/** On the two cores of a small machine, a third check at a time would only slow the others down. */
const concurrency = 2;

const quiet = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
};

/** Runs one check and prints its result. Prints its output if it failed or is verbose. */
async function run(name: string, [command = '', ...args]: string[]): Promise<boolean> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...quiet },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const passed = await new Promise<boolean>((resolve) => {
    child.on('error', (error) => {
      output += `${command}: ${error.message}\n`;
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const details = verbose.has(name) ? `\n${output.trimEnd().replaceAll(/^/gm, '   ')}` : '';
  console.log(passed ? `ok ${name} ${seconds}s${details}` : `FAILED ${name} ${seconds}s\n${output}`);
  return passed;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}. The checks are: ${Object.keys(checks).join(', ')}.`);
  process.exit(2);
}

const queue = Object.entries(checks).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const failed: string[] = [];
async function worker() {
  for (let next = queue.shift(); next; next = queue.shift()) if (!(await run(...next))) failed.push(next[0]);
}
await Promise.all(Array.from({ length: concurrency }, worker));
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
