import { statfs } from 'node:fs/promises';
import { type Platform, queueDepth } from '@tenon/core';
import type { Check } from './registry.ts';

const mebibyte = 1024 * 1024;
const lowDiskMiB = 1024;
const fullDiskMiB = 100;
const lateJobsSeconds = 300;
const lateSealsMs = 60_000;

export interface CheckParts {
  platform: Platform;
  /** Returns the names of the migrations that have not run yet. */
  pendingMigrations: () => Promise<readonly string[]>;
}

/** The checks of everything that this server needs (A8). */
export function healthChecks({ platform, pendingMigrations }: CheckParts): Record<string, Check> {
  return {
    database: async () => {
      const { database } = platform;
      await database.engine.ping();
      // Not failing: this server still answers what reads.
      return database.isFull()
        ? { status: 'degraded', message: 'Its disk is full, so nothing can be written.' }
        : { status: 'ok' };
    },
    migrations: untilPassed(async () => {
      const pending = await pendingMigrations();
      if (pending.length === 0) return { status: 'ok' };
      return {
        status: 'failing',
        message: `${pending.length} migrations are pending: run "tenon migrate".`,
        details: { pending },
      };
    }),
    disk: async () => {
      const { bavail, bsize } = await statfs(platform.settings.dataDirectory);
      const freeMiB = Math.floor((bavail * bsize) / mebibyte);
      const status = freeMiB < fullDiskMiB ? 'failing' : freeMiB < lowDiskMiB ? 'degraded' : 'ok';
      return {
        status,
        details: { freeMiB },
        ...(status === 'ok' ? {} : { message: 'DATA_DIR is running out of space.' }),
      };
    },
    jobs: async () => {
      const { oldestDueSeconds, ...counts } = await queueDepth(platform.context({ principal: null }));
      const late = oldestDueSeconds > lateJobsSeconds;
      return {
        status: late ? 'degraded' : 'ok',
        details: { ...counts, oldestDueSeconds: Math.round(oldestDueSeconds) },
        ...(late ? { message: 'Jobs wait longer than five minutes.' } : {}),
      };
    },
    sealing: async () => {
      const { waiting, oldestMs, lastBatchMs } = platform.sealer.lag();
      const late = oldestMs > lateSealsMs;
      return {
        status: late ? 'degraded' : 'ok',
        details: { waiting, oldestMs, lastBatchMs: Math.round(lastBatchMs) },
        ...(late ? { message: 'Events wait longer than a minute to be sealed, so nobody is told about them.' } : {}),
      };
    },
  };
}

/** Runs the check until it passes once. Then no migration can become pending, because this process knows no newer one. */
function untilPassed(check: Check): Check {
  let passed = false;
  return async () => {
    if (passed) return { status: 'ok' };
    const result = await check();
    passed = result.status === 'ok';
    return result;
  };
}
