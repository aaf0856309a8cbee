import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encryptionKey, publicUrl, secretKey } from './databases.ts';
import { median } from './measure.ts';
import { files, runToEnd, startServer } from './servers.ts';

/** How long a server is idle before its memory is read, in milliseconds. */
const idleMs = 5000;

interface Start {
  /** From the creation of the process to the first answer 200 of /health, in milliseconds. */
  startMs: number;
  /** The CPU time of all threads of the process until then, in milliseconds. On a busy machine it varies less than `startMs`. */
  cpuMs: number;
  /** The resident memory after the server was idle, in MB. */
  residentMb: number;
}

/** Reads the memory and the CPU time of a process from Linux. */
function usageOf(pid: number): { residentMb: number; cpuMs: number } {
  const [, resident] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  // The name of the program comes first, in parentheses, and may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { residentMb: Number(resident) / 1024, cpuMs: ticks * 10 };
}

async function start(args: readonly string[], settings: Record<string, string>): Promise<Start> {
  const server = await startServer(args, settings, { path: '/health', everyMs: 5 });
  const { cpuMs } = usageOf(server.pid);
  await delay(idleMs);
  const { residentMb } = usageOf(server.pid);
  await server.stop();
  return { startMs: server.startMs, cpuMs, residentMb };
}

/**
 * Starts a bare Fastify and our server in turn, on a migrated SQLite file. Ours is started once without compiled code, as after an
 * installation, and once with the code that an earlier start has kept. Prints the medians and their ratios to the bare server. Linux only.
 */
export async function measureStarts(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-starts-'));
  const settings = {
    DATA_DIR: join(folder, 'data'),
    SECRET_KEY: secretKey,
    ENCRYPTION_KEY: encryptionKey,
    PUBLIC_URL: publicUrl,
  };
  const cache = (name: string) => ({ NODE_COMPILE_CACHE: join(folder, name) });
  const cases = {
    'bare Fastify': () => start([files.bare], {}),
    'first start': (round: number) => start([files.tenon, 'serve'], { ...settings, ...cache(`first-${round}`) }),
    'later start': () => start([files.tenon, 'serve'], { ...settings, ...cache('later') }),
  };
  try {
    await runToEnd([files.tenon, 'migrate'], settings);
    // This start fills the cache for the next ones.
    await cases['later start']();
    const starts: Record<string, Start[]> = {};
    for (let round = 0; round < rounds; round++)
      for (const [name, run] of Object.entries(cases)) (starts[name] ??= []).push(await run(round));
    print(starts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(starts: Readonly<Record<string, readonly Start[]>>): void {
  const of = (name: string, figure: keyof Start) => median((starts[name] ?? []).map((one) => one[figure]));
  const cell = (name: string, figure: keyof Start) => {
    const value = of(name, figure);
    return `${Math.round(value)} (${(value / of('bare Fastify', figure)).toFixed(2)} ×)`.padStart(16);
  };
  console.log(
    `| ${'start'.padEnd(12)} | ${['ms', 'CPU ms', 'MB when idle'].map((title) => title.padStart(16)).join(' | ')} |`,
  );
  console.log(`|${'-'.repeat(14)}|${`${'-'.repeat(17)}:|`.repeat(3)}`);
  for (const name of Object.keys(starts))
    console.log(
      `| ${name.padEnd(12)} | ${cell(name, 'startMs')} | ${cell(name, 'cpuMs')} | ${cell(name, 'residentMb')} |`,
    );
}
