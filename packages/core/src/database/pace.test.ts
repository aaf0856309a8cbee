import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** Takes longer than the statements of one turn may. */
function work(): void {
  const end = performance.now() + 11;
  while (performance.now() < end);
}

it('runs a statement at once', () => {
  expect(new Pace().run(() => 'answer')).toBe('answer');
});

it('runs statements in the order in which they were sent, while the event loop gets its turns', async () => {
  const pace = new Pace();
  const seen: string[] = [];
  // Each insert sends its next statement when the last one has ended. Those of rows take long, and those of references no time.
  const insert = async (name: string, statement: () => void) => {
    for (const at of [1, 2, 3])
      await pace.run(() => {
        statement();
        seen.push(`${name} ${at}`);
      });
  };
  const turns = (async () => {
    let count = 0;
    for (; seen.length < 6; count++) await nextTurn();
    return count;
  })();
  await Promise.all([insert('row', work), insert('reference', () => {})]);
  expect(seen).toEqual(['row 1', 'reference 1', 'row 2', 'reference 2', 'row 3', 'reference 3']);
  expect(await turns).toBeGreaterThanOrEqual(3);
});

it('goes on after a statement that fails', async () => {
  const pace = new Pace();
  await pace.run(work);
  const failing = pace.run(() => {
    throw new Error('no luck');
  });
  const next = pace.run(() => 'answer');
  await expect(failing).rejects.toThrow('no luck');
  expect(await next).toBe('answer');
});
