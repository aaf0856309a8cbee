import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { releaseMemory } from './release-memory.ts';

/** In a function of its own, because that of the test would keep the object. */
const makeUnused = (): WeakRef<object> => new WeakRef({ large: Array(1000).fill(0) });

it('collects what is no longer used', async () => {
  const unused = makeUnused();
  await delay(10);
  releaseMemory();
  for (let tries = 0; tries < 100 && unused.deref(); tries++) await delay(50);
  expect(unused.deref()).toBeUndefined();
});
