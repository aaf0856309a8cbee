import { setTimeout as sleep } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What others noticed of some work. */
interface Noticed {
  tookMs: number;
  /** The longest time for which nothing else could run. */
  longestBlockMs: number;
  /** The longest time that somebody waited for their own small write. */
  longestWaitMs: number;
  writes: number;
}

/** Does some work, while somebody else writes again and again. */
export async function watched(write: () => Promise<unknown>, work: () => Promise<unknown>): Promise<Noticed> {
  // The histogram has this resolution, which it adds to every delay.
  const resolution = 1;
  const delays = monitorEventLoopDelay({ resolution });
  const waits: number[] = [];
  let working = true;
  const writing = async () => {
    while (working) {
      const began = performance.now();
      await write();
      waits.push(performance.now() - began);
      await sleep(5);
    }
  };
  const began = performance.now();
  delays.enable();
  const writer = writing();
  try {
    await work();
  } finally {
    working = false;
    await writer;
    delays.disable();
  }
  return {
    tookMs: Math.round(performance.now() - began),
    longestBlockMs: Math.round(delays.max / 1e6 - resolution),
    longestWaitMs: Math.round(Math.max(...waits)),
    writes: waits.length,
  };
}
