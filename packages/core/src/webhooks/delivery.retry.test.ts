import { describe, expect, it } from 'vitest';
import { retryAfterMs, retryDelayMs } from './delivery.retry.ts';

const second = 1000;
const least = () => 0;
const delaysOf = (random: () => number) =>
  Array.from({ length: 9 }, (_, tries) => retryDelayMs(tries, 0, undefined, random));

describe('the delay before an attempt', () => {
  it('is 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, and then there is none', () => {
    const seconds = [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000];
    expect(delaysOf(least)).toEqual([...seconds.map((one) => one * second), null]);
  });

  it('is up to a tenth longer', () => {
    expect(delaysOf(() => 1).slice(1, 3)).toEqual([5.5 * second, 330 * second]);
    expect(retryDelayMs(0, 0, undefined, () => 1)).toBe(0);
  });

  it('is what the operator has set', () => {
    expect([0, 1, 2].map((tries) => retryDelayMs(tries, 0, [0, 1], least))).toEqual([0, second, null]);
  });

  it('is never shorter than the receiver asks for, up to a day, and never longer for it otherwise', () => {
    expect(retryDelayMs(1, 60 * second, undefined, least)).toBe(60 * second);
    expect(retryDelayMs(1, second, undefined, least)).toBe(5 * second);
    expect(retryDelayMs(1, 1e12, undefined, least)).toBe(86_400 * second);
    expect(retryDelayMs(8, 60 * second, undefined, least)).toBeNull();
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-01-31T09:00:00Z');

  it.each([
    ['120', 120 * second],
    [' 0 ', 0],
    ['Sat, 31 Jan 2026 09:01:00 GMT', 60 * second],
    ['Sat, 31 Jan 2026 08:00:00 GMT', 0],
    ['soon', 0],
    ['-5', 0],
    [undefined, 0],
  ])('%s is read', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
