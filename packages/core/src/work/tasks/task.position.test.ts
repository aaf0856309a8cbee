import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionOf, positionsBetween } from './task.position.ts';

describe('positions', () => {
  it('begin in the order of the numbers', () => {
    const numbers = [1, 2, 9, 10, 99, 100, 2_147_483_647];
    const positions = numbers.map(positionOf);
    expect(positions.toSorted()).toEqual(positions);
  });

  it('come between any two others, in order, without a zero at the end that nothing could come before', () => {
    const position = fc
      .tuple(fc.integer({ min: 1, max: 1000 }), fc.stringMatching(/^([0-9]{0,6}[1-9])?$/))
      .map(([number, fraction]) => positionOf(number) + fraction);
    fc.assert(
      fc.property(position, position, fc.integer({ min: 1, max: 40 }), (one, other, count) => {
        fc.pre(one !== other);
        const [before = '', after = ''] = [one, other].toSorted();
        const between = positionsBetween(before, after, count);
        const all = [before, ...between, after];
        expect(all.toSorted()).toEqual(all);
        expect(new Set(all).size).toBe(count + 2);
        for (const found of between) expect(found).toMatch(/^[0-9]{10}([0-9]*[1-9])?$/);
      }),
    );
  });

  it('come before the first one', () => {
    const [first = ''] = positionsBetween('', positionOf(1));
    expect(first < positionOf(1)).toBe(true);
    expect((positionsBetween('', first)[0] ?? '') < first).toBe(true);
  });
});
