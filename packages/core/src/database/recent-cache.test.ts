import { describe, expect, it } from 'vitest';
import { RecentCache } from './recent-cache.ts';

const at = (ms: number) => new Date(1_000_000 + ms);

describe('RecentCache', () => {
  it('loads once within the age limit, and again after it', async () => {
    const cache = new RecentCache<number>(10, 100);
    let loads = 0;
    const get = (ms: number) => cache.get('key', at(ms), async () => ++loads);

    expect(await get(0)).toBe(1);
    expect(await get(99)).toBe(1);
    expect(await get(100)).toBe(2);
    expect(await get(199)).toBe(2);
  });

  it('reloads a value from the future after the clock was set back', async () => {
    const cache = new RecentCache<number>(10, 100);
    let loads = 0;
    await cache.get('key', at(0), async () => ++loads);

    expect(await cache.get('key', at(-1), async () => ++loads)).toBe(2);
  });

  it('shares one load among concurrent readers', async () => {
    const cache = new RecentCache<number>(10, 100);
    let loads = 0;
    const reads = Array.from({ length: 50 }, () => cache.get('key', at(0), async () => ++loads));

    expect(new Set(await Promise.all(reads))).toEqual(new Set([1]));
  });

  it('caches neither missing values nor failures', async () => {
    const cache = new RecentCache<number>(10, 100);

    expect(await cache.get('key', at(0), async () => null)).toBeNull();
    await expect(cache.get('key', at(0), () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('key', at(0), async () => 3)).toBe(3);
  });

  it('drops values that are too old when another is loaded', async () => {
    const cache = new RecentCache<number>(10, 100);
    await cache.get('old', at(0), async () => 1);
    await cache.get('young', at(50), async () => 2);
    await cache.get('new', at(100), async () => 3);

    expect([...cache.values()].map(([key]) => key)).toEqual(['young', 'new']);
  });

  it('drops the entry that was loaded first', async () => {
    const cache = new RecentCache<string>(2, 100);
    const loaded: string[] = [];
    const get = (key: string) =>
      cache.get(key, at(0), async () => {
        loaded.push(key);
        return key;
      });
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    loaded.length = 0;

    await get('b');
    await get('c');
    expect(loaded).toEqual([]);
    await get('a');
    expect(loaded).toEqual(['a']);
  });

  it('drops matching values, and those that are still loading', async () => {
    const cache = new RecentCache<{ user: string }>(10, 100);
    let loads = 0;
    const get = (key: string, user: string) =>
      cache.get(key, at(0), async () => {
        loads++;
        return { user };
      });
    await get('one', 'anna');
    await get('two', 'ben');
    const loading = get('three', 'ben');
    cache.deleteWhere(({ user }) => user === 'anna');
    await loading;
    loads = 0;

    await get('two', 'ben');
    expect(loads).toBe(0);
    await get('one', 'anna');
    await get('three', 'ben');
    expect(loads).toBe(2);
  });
});
