import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { firstIdAt, isUuid, lastIdAt, uuidv7, uuidv7At } from './ids.ts';

describe('UUIDs version 7', () => {
  it('have time, counter, version and variant in the places of RFC 9562', () => {
    // The example of its appendix A.6.
    const id = uuidv7At(new Date('2022-02-22T19:22:22.000Z'), 0xcc3);
    expect(id).toMatch(/^017f22e2-79b0-7cc3-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidv7At(new Date(0), 0x1fff)).toMatch(/^00000000-0000-7fff-/);
  });

  test('the first and the last one of an instant enclose all others', () => {
    const at = new Date('2022-02-22T19:22:22.000Z');
    expect(firstIdAt(at)).toBe('017f22e2-79b0-7000-8000-000000000000');
    expect(lastIdAt(at)).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff');
    expect(firstIdAt(new Date(-1))).toBe('00000000-0000-7000-8000-000000000000');
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true }),
        fc.nat(0xfff),
        (when, count) => {
          const id = uuidv7At(when, count);
          expect(isUuid(id)).toBe(true);
          expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(when.getTime());
          expect([firstIdAt(when), id, lastIdAt(when)].toSorted()).toEqual([firstIdAt(when), id, lastIdAt(when)]);
        },
      ),
    );
  });

  it('are in the order in which a process makes them, however many it makes in a millisecond', () => {
    const ids = Array.from({ length: 20_000 }, () => uuidv7());
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(uuidv7(Date.now() - 60_000) > (ids.at(-1) ?? '')).toBe(true);
  });
});
