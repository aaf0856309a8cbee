import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The program that `npm start` and the image run. */
const tenon = join(import.meta.dirname, '../../apps/server/bin/tenon.mjs');

/** Of the environment of the developer, the server sees PATH and HOME only. */
const environment = (variables: Record<string, string>): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  ...variables,
});

/** Finds a port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}

/** Creates an empty folder. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tenon-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Calls `ask` until it returns something else than undefined. @throws after `timeoutMs` */
export async function until<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  what: string,
  timeoutMs = 25_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running `tenon` command. */
export class Tenon {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], variables: Record<string, string>) {
    this.process = spawn(process.execPath, [tenon, ...args], {
      env: environment(variables),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** The lines of the log, parsed. */
  get log(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }
}

export interface RunningTenon extends Tenon {
  readonly url: string;
}

/** Starts a server and waits until it is ready, and in development has said how to sign in. */
export async function startServer(variables: Record<string, string>): Promise<RunningTenon> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = Object.assign(new Tenon(['serve'], { PORT: String(port), ...variables }), { url });
  await until(async () => {
    if (server.process.exitCode !== null) throw new Error(`The server ended: ${server.stderr}${server.stdout}`);
    const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
    await ready?.body?.cancel();
    const hasSpoken = variables['NODE_ENV'] === 'production' || server.stdout.includes(`${url}/docs\n`);
    return ready?.ok && hasSpoken ? true : undefined;
  }, `Readiness of ${url}`);
  return server;
}

/** Runs a command to its end. */
export async function runTenon(args: readonly string[], variables: Record<string, string> = {}) {
  const command = new Tenon(args, variables);
  const { code } = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
