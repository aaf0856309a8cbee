import { errors } from '@tenon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from './logger.ts';
import { Outage } from './outage.ts';

let written: string[];
let isAway: boolean;
let outage: Outage;
let logger: ReturnType<typeof createLogger>;

const log = (): Record<string, unknown>[] => written.map((line) => JSON.parse(line));
const refused = () => errors.database_unavailable({ cause: new Error('connect ECONNREFUSED 127.0.0.1:5432') });

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  isAway = false;
  outage = new Outage();
  logger = createLogger('info', { write: (line: string) => void written.push(line) }, outage);
  outage.watch({
    logger,
    ping: async () => {
      if (isAway) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
    },
  });
});
afterEach(() => {
  outage.stop();
  vi.useRealTimers();
});

describe('while the database is away', () => {
  it('the log says so once, counts what fails, and says when it is back', async () => {
    isAway = true;
    for (let second = 0; second < 5; second++) {
      logger.error({ err: refused(), requestId: 'r' }, 'request failed');
      logger.warn({ err: new Error('outside', { cause: refused() }) }, 'streams cannot look for new events');
      logger.warn({ err: errors.database_busy() }, 'job failed');
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(log()).toMatchObject([
      { level: 'error', msg: 'the database cannot be reached', reason: 'connect ECONNREFUSED 127.0.0.1:5432' },
    ]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(log().slice(1)).toMatchObject([
      { level: 'info', msg: 'the database can be reached again', failures: 15, seconds: 6 },
    ]);
    logger.warn({ err: errors.database_busy() }, 'job failed');
    expect(log().at(-1)).toMatchObject({ msg: 'job failed', err: { code: 'database_busy' } });
  });

  it('other errors are logged as ever', () => {
    isAway = true;
    logger.error({ err: refused() }, 'request failed');
    logger.error(
      { err: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:25'), { code: 'ECONNREFUSED' }) },
      'job failed',
    );
    logger.info({ path: '/' }, 'request');
    expect(log()).toMatchObject([{ msg: 'job failed' }, { msg: 'request' }]);
  });
});

it('a connection that is lost while the database goes on is one line', async () => {
  logger.error({ err: refused() }, 'request failed');
  outage.notice(new Error('terminating connection due to administrator command'));
  await vi.advanceTimersByTimeAsync(250);
  expect(log()).toMatchObject([{ level: 'warn', msg: 'a connection to the database was lost', failures: 2 }]);
  expect(outage.isOn).toBe(false);
});

it('a database that still answers once while it stops is away', async () => {
  outage.notice(new Error('terminating connection due to administrator command'));
  await vi.advanceTimersByTimeAsync(0);
  isAway = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(log()).toMatchObject([{ level: 'error', msg: 'the database cannot be reached' }]);
});

it('nothing is left out after the end of watching', () => {
  outage.stop();
  logger.error({ err: refused() }, 'request failed');
  expect(outage.notice(new Error('lost'))).toBe(false);
  expect(log()).toMatchObject([{ msg: 'request failed' }]);
});
