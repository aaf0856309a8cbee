import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CheckResult, HealthRegistry } from './registry.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('HealthRegistry', () => {
  it('has the status of its worst check, and says how long each took', async () => {
    const registry = new HealthRegistry({
      fine: async () => ({ status: 'ok', details: { freeMiB: 7 } }),
      slow: async () => ({ status: 'degraded', message: 'slow' }),
    });
    const report = await registry.report();
    expect(report).toMatchObject({
      status: 'degraded',
      checks: { fine: { status: 'ok', details: { freeMiB: 7 } }, slow: { status: 'degraded', message: 'slow' } },
    });
    expect(report.checks['fine']?.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('fails a check that throws, without repeating what it threw', async () => {
    const registry = new HealthRegistry({
      broken: async () => {
        throw new Error('connect postgres://tenon:hunter2@db');
      },
    });
    const report = await registry.report();
    expect(report.status).toBe('failing');
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('fails a check that does not answer within three seconds', async () => {
    const registry = new HealthRegistry({ stuck: () => new Promise<CheckResult>(() => {}) });
    const report = registry.report();
    await vi.advanceTimersByTimeAsync(3000);
    expect(await report).toMatchObject({ status: 'failing', checks: { stuck: { message: 'No answer within 3 s.' } } });
  });

  it('checks again when the last result is old, once for concurrent callers', async () => {
    let looks = 0;
    const registry = new HealthRegistry({
      counted: async () => {
        looks++;
        return { status: 'ok' };
      },
    });
    await Promise.all([registry.report(), registry.report(), registry.check('counted')]);
    await registry.report();
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    await registry.report();
    expect(looks).toBe(2);
  });

  it('checks every thirty seconds until it is stopped', async () => {
    let looks = 0;
    const registry = new HealthRegistry({
      counted: async () => {
        looks++;
        return { status: 'ok' };
      },
    });
    registry.start();
    await vi.advanceTimersByTimeAsync(60_000);
    registry.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(2);
  });

  it('notices a recovery after a second, and reports each failure once', async () => {
    let status: 'ok' | 'failing' = 'failing';
    const failures: string[] = [];
    const registry = new HealthRegistry({ database: async () => ({ status }) }, (name) => failures.push(name));
    await registry.report();
    await vi.advanceTimersByTimeAsync(1000);
    await registry.report();
    status = 'ok';
    await vi.advanceTimersByTimeAsync(1000);
    expect((await registry.report()).status).toBe('ok');
    expect(failures).toEqual(['database']);
  });
});
