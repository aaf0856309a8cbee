/*
 * `npm run bench -- --counts` loads this file into a server before the server's own code. It counts what the server asks of its database
 * and how much memory it allocates, so the product contains nothing for this.
 */
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { countDriverCalls } from '@tenon/core/testing';
import Database from 'better-sqlite3';
import type { Inside, Question } from './servers.ts';

const counting = countDriverCalls();
const profiler = new Session();
profiler.connect();

const { DATABASE_URL = '' } = process.env;
const file = DATABASE_URL.startsWith('file:') ? DATABASE_URL.slice('file:'.length) : null;

/** How many tries a checkpoint has, 100 ms apart: the server's own may be running. */
const mostTries = 100;

/** Writes the log into the file and empties it. On PostgreSQL, the benchmark makes the checkpoints. */
async function checkpoint(): Promise<void> {
  if (file === null) return;
  for (let tries = 1; ; tries++) {
    const database = new Database(file);
    const [result] = database.pragma('wal_checkpoint(truncate)') as { busy: number }[];
    database.close();
    if (result?.busy === 0) return;
    if (tries === mostTries) throw new Error('The write-ahead log is in use.');
    await delay(100);
  }
}

const samplingInterval = 16_384;

interface Allocations {
  selfSize: number;
  children: Allocations[];
}

const sizeOf = ({ selfSize, children }: Allocations): number =>
  children.reduce((sum, child) => sum + sizeOf(child), selfSize);

async function begin(): Promise<Inside> {
  await counting.settle();
  await checkpoint();
  await profiler.post('HeapProfiler.startSampling', {
    samplingInterval,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  return { ...counting.read(), allocatedBytes: 0 };
}

async function end(): Promise<Inside> {
  const counts = counting.read();
  const { profile } = await profiler.post('HeapProfiler.stopSampling');
  await counting.settle();
  await checkpoint();
  return { ...counts, allocatedBytes: sizeOf(profile.head) };
}

process.on('message', (question: Question) => {
  (question === 'begin' ? begin() : end()).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
// This channel does not keep the server from ending.
process.channel?.unref();
