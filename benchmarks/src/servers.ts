import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DriverCounts } from '@tenon/core/testing';

/** The messages to the code in `inside.ts`: start counting, and end it. */
export type Question = 'begin' | 'end';

/** What `inside.ts` has counted in a server since its start. */
export interface Inside extends DriverCounts {
  /** Bytes allocated on the heap of JavaScript since the last `begin`. Estimated from one sample for each 16 kB. */
  allocatedBytes: number;
}

export interface RunningServer {
  url: string;
  pid: number;
  /** From the creation of its process until it was ready, in milliseconds. */
  startMs: number;
  /** Sends a message to the code of `inside.ts`, which must be loaded into the server. */
  ask(question: Question): Promise<Inside>;
  stop(): Promise<void>;
  /** Ends it at once, without a chance to finish anything. */
  kill(): Promise<void>;
}

export const files = {
  /** The server as users run it. */
  tenon: fileURLToPath(new URL('../../apps/server/bin/tenon.mjs', import.meta.url)),
  /** The same server from its sources, because a profile then names their files. */
  sources: fileURLToPath(new URL('../../apps/server/src/cli.ts', import.meta.url)),
  bare: fileURLToPath(new URL('./bare.mjs', import.meta.url)),
  ceiling: fileURLToPath(new URL('./ceiling/server.ts', import.meta.url)),
  idleLoop: fileURLToPath(new URL('./idle-loop.mjs', import.meta.url)),
  inside: fileURLToPath(new URL('./inside.ts', import.meta.url)),
};

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Only these variables are passed on, so that a benchmark does not depend on the environment in which it runs. */
const environment = (settings: Record<string, string>): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  ...settings,
});

/** Runs a program to its end and returns its output. */
export async function runToEnd(args: readonly string[], settings: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, args, { env: environment(settings), stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/**
 * Starts a server on a free port, unless the settings name one, and waits until it is ready. Its log is discarded, because reading it would slow the server down.
 * @param readiness the path that answers 200 when it is ready, and how often it is asked
 */
export async function startServer(
  args: readonly string[],
  settings: Record<string, string>,
  readiness = { path: '/health/ready', everyMs: 100 },
): Promise<RunningServer> {
  const port = settings['PORT'] ?? (await freePort());
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    env: environment({ NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...settings }),
    // A channel to `inside.ts`. Other servers get none, so that it changes neither their start nor their memory.
    stdio: ['ignore', 'ignore', 'inherit', ...(args.includes(files.inside) ? (['ipc'] as const) : [])],
  });
  running.add(child);
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}.`);
    const answer = await fetch(`${url}${readiness.path}`).catch(() => null);
    if (answer?.ok) break;
    if (attempt * readiness.everyMs > 60_000) throw new Error(`${args.join(' ')} does not become ready.`);
    await delay(readiness.everyMs);
  }
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
    running.delete(child);
  };
  if (child.pid === undefined) throw new Error(`${args.join(' ')} has no process.`);
  return {
    url,
    pid: child.pid,
    startMs: performance.now() - begun,
    async ask(question) {
      const waiting = new AbortController();
      const answer = once(child, 'message', waiting) as Promise<[Inside]>;
      const end = once(child, 'close', waiting).then(() => Promise.reject(new Error('The server has ended.')));
      child.send(question);
      try {
        return (await Promise.race([answer, end]))[0];
      } finally {
        waiting.abort();
      }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
