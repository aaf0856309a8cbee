import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketOf, type Counted, figuresOf } from './durations.ts';

const call = (ms: number, failed = false): Counted => ({
  bucket: bucketOf(ms),
  requests: 1,
  errors: Number(failed),
  totalMs: ms,
});

it('says below which time 95 of 100 calls were answered, within 10 percent', () => {
  const durations = fc.array(fc.double({ min: 0.12, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, (times) => {
      const exact = times.toSorted((a, b) => a - b)[Math.ceil(0.95 * times.length) - 1] ?? 0;
      const { p95Ms, meanMs, requests } = figuresOf(times.map((ms) => call(ms)));
      // Two decimals are shown.
      expect(Math.abs(p95Ms - exact)).toBeLessThanOrEqual(0.1 * exact + 0.005);
      expect(meanMs).toBeCloseTo(times.reduce((sum, ms) => sum + ms, 0) / times.length, 1);
      expect(requests).toBe(times.length);
    }),
  );
});

it('counts the share of calls that failed', () => {
  expect(figuresOf([call(1), call(1, true), call(1)]).errorRate).toBe(0.3333);
});

it('is zero without calls', () => {
  expect(figuresOf([])).toEqual({ requests: 0, meanMs: 0, p95Ms: 0, errorRate: 0 });
});

it('counts what is shorter or longer than all ranges in the first and in the last one', () => {
  expect(bucketOf(0)).toBe(bucketOf(0.001));
  expect(bucketOf(1e9)).toBe(bucketOf(1e12));
});
