import { statfs } from 'node:fs/promises';
import { type Platform, queueDepth } from '@tenon/core';
import type { Check } from './registry.ts';

const mebibyte = 1024 * 1024;
const lowDiskMiB = 1024;
const fullDiskMiB = 100;
const lateJobsSeconds = 300;

export interface CheckParts {
  platform: Platform;
  /** The names of the migrations that the database lacks. */
  pendingMigrations: () => Promise<readonly string[]>;
}

/** What this server needs to do its work (A8). */
export function healthChecks({ platform, pendingMigrations }: CheckParts): Record<string, Check> {
  return {
    database: async () => {
      await platform.database.engine.ping();
      return { status: 'ok' };
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
  };
}

/** Once nothing is pending it stays so: this process knows no newer migration. */
function untilPassed(check: Check): Check {
  let passed = false;
  return async () => {
    if (passed) return { status: 'ok' };
    const result = await check();
    passed = result.status === 'ok';
    return result;
  };
}
