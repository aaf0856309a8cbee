import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Makes work that ends on command, and records what has started. */
function workplace(turns: Turns) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (key: string, name: string) =>
    turns.run(key, async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await delay(0);
  };
  return { started, run, end };
}

it('runs as much at once as the limit of each key and the limit of all allow', async () => {
  const { started, run, end } = workplace(new Turns({ all: 3, each: 2, waitMs: 1000 }));
  const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => run(name.charAt(0), name));
  expect(started).toEqual(['a1', 'a2', 'b1']);
  await end('b1');
  expect(started).toEqual(['a1', 'a2', 'b1', 'b2']);
  await end('a1');
  expect(started.slice(4)).toEqual(['a3']);
  for (const name of ['a2', 'b2', 'a3', 'c1']) await end(name);
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1']);
});

it('serves the keys in turn, and the work of one key in the order in which it came', async () => {
  const { started, run, end } = workplace(new Turns({ all: 1, each: 1, waitMs: 1000 }));
  const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => run(name.charAt(0), name));
  const order = ['a1', 'a2', 'b1', 'c1', 'a3', 'b2'];
  for (const name of order) await end(name);
  expect(started).toEqual(order);
  await Promise.all(all);
});

it('refuses work that waits for too long, and goes on after work that fails', async () => {
  const turns = new Turns({ all: 1, each: 1, waitMs: 20 });
  const { started, run, end } = workplace(turns);
  const first = run('a', 'a1');
  const late = [run('a', 'a2'), run('b', 'b1')];
  for (const waiting of late)
    await expect(waiting).rejects.toMatchObject({ code: 'database_busy', details: { retryAfter: 1 } });
  await end('a1');
  await first;
  const failing = turns.run('a', () => Promise.reject(new Error('no')));
  const after = run('a', 'a3');
  await expect(failing).rejects.toThrow('no');
  await delay(0);
  await end('a3');
  await after;
  expect(started).toEqual(['a1', 'a3']);
});
