import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { asSuperuser, type TestDialect } from './databases.ts';
import { countDriverCalls, type DriverCounts } from './driver-counts.ts';
import { createTestPlatform, type TestPlatform, type TestPlatformOptions } from './platform.ts';

/** What some work has asked of the database. */
export interface Cost extends DriverCounts {
  /** Written to the write-ahead log. Zero after pure reads. */
  bytes: number;
}

export interface MeteredPlatform extends TestPlatform {
  /** Runs some work and returns what it has cost. Nothing else may use the platform meanwhile. */
  cost(work: () => Promise<unknown>): Promise<Cost>;
}

/** Measures how many bytes of write-ahead log are written. */
interface Log {
  /** @param processes the server processes of the connections that write */
  bytes(processes: readonly number[]): Promise<number>;
  close(): Promise<void>;
}

function sqliteLog(file: string): Log {
  const database = new Sqlite(file);
  // Tests need not wait for the disk.
  database.pragma('synchronous = off');
  const empty = (): void => {
    const [result] = database.pragma('wal_checkpoint(truncate)') as { busy: number }[];
    if (result?.busy !== 0) throw new Error('The write-ahead log is in use.');
  };
  let bytes = 0;
  return {
    // The log is emptied each time it is counted, so that no checkpoint lets it start again in the middle of a count.
    async bytes() {
      bytes += statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      empty();
      return bytes;
    },
    close: async () => void database.close(),
  };
}

/** Counts the log of these connections only, because other tests write to the same server. */
async function postgresLog(url: string): Promise<Log> {
  const client = new pg.Client({ connectionString: asSuperuser(url) });
  await client.connect();
  return {
    async bytes(processes) {
      const { rows } = await client.query<{ bytes: string }>(
        `select coalesce(sum(wal_bytes), 0) as bytes from unnest($1::int[]) pid, pg_stat_get_backend_wal(pid)`,
        [processes],
      );
      return Number(rows[0]?.bytes);
    },
    close: () => client.end(),
  };
}

/** Creates a platform on a private database that measures what work costs. It counts for the whole process until it is disposed of. */
export async function createMeteredPlatform(
  dialect: TestDialect,
  options: TestPlatformOptions = {},
): Promise<MeteredPlatform> {
  const counting = countDriverCalls();
  const platform = await createTestPlatform(dialect, options).catch((error: unknown) => {
    counting.stop();
    throw error;
  });
  const { databaseUrl } = platform.settings;
  const log = dialect === 'sqlite' ? sqliteLog(databaseUrl.replace(/^file:/, '')) : await postgresLog(databaseUrl);
  return {
    ...platform,
    async cost(work) {
      const bytesBefore = await log.bytes(await counting.settle());
      const before = counting.read();
      await work();
      const processes = await counting.settle();
      const after = counting.read();
      return { ...difference(after, before), bytes: (await log.bytes(processes)) - bytesBefore };
    },
    async dispose() {
      counting.stop();
      await log.close();
      await platform.dispose();
    },
  };
}

const difference = (after: DriverCounts, before: DriverCounts): DriverCounts => ({
  statements: after.statements - before.statements,
  transactions: after.transactions - before.transactions,
  rows: after.rows - before.rows,
  packets: after.packets - before.packets,
  roundTrips: after.roundTrips - before.roundTrips,
});
