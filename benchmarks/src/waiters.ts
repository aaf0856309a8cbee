import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import pg from 'pg';
import type { Databases } from './databases.ts';
import { load, type Run } from './load.ts';
import { median } from './measure.ts';
import type { Dialect, Options } from './options.ts';
import { requestsOf } from './requests.ts';
import { openRows } from './rows.ts';
import { type Organization, readScene } from './scene.ts';
import { signInAt, startTenon } from './tenon-servers.ts';

/** The lists of some organizations while requests of another one wait. */
export interface Waited {
  db: Dialect;
  /** How many requests wait. */
  waiters: number;
  /** How many lists were answered. */
  lists: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** The p99, divided by the one without waiters. */
  ratio: number;
}

const waiterCounts = [0, 10, 20, 40] as const;

/** How many clients read lists at once. */
const readers = 8;

/** How long the requests have to begin to wait, in milliseconds. */
const settlingMs = 300;

/** Locks what the writes of the server need. On SQLite this is the whole database, which has one writer. */
interface Lock {
  take(taskId: string): Promise<void>;
  release(): Promise<void>;
  close(): Promise<void>;
}

async function openLock(url: string): Promise<Lock> {
  if (url.startsWith('file:')) {
    const database = new Database(url.slice('file:'.length));
    return {
      take: async () => void database.exec('begin immediate'),
      release: async () => void database.exec('rollback'),
      close: async () => void database.close(),
    };
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    async take(taskId) {
      await client.query('begin');
      await client.query('select from tasks where id = $1 for update', [taskId]);
    },
    release: async () => void (await client.query('rollback')),
    close: () => client.end(),
  };
}

/** Changes the title of a task by many requests at once. Returns the statuses of their answers. */
const changeAtOnce = (url: string, { people }: Organization, taskId: string, requests: number): Promise<number[]> =>
  Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      const answer = await fetch(`${url}/api/v1/tasks/${taskId}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${people[0]?.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ title: `Change ${index}` }),
      });
      await answer.text();
      return answer.status;
    }),
  );

/**
 * Measures the lists of all organizations but one, while more and more requests of this one wait for a task that somebody has locked.
 * @throws if a list or a change is not answered 200
 */
export async function measureWaiters(dialect: Dialect, databases: Databases, options: Options): Promise<Waited[]> {
  const server = await startTenon(databases);
  const rows = await openRows(databases.ownerUrl);
  const lock = await openLock(databases.ownerUrl);
  try {
    const [busy, ...others] = await readScene(rows, signInAt(server.url, databases.password));
    const taskId = busy?.taskIds[0];
    if (!busy || taskId === undefined || others.length === 0) throw new Error('Two organizations are needed.');
    const requests = await requestsOf('rest', 'list', readers, others, rows);
    const lists = (seconds: number): Promise<Run> => load(server.url, requests, { seconds }, 200);
    const during = async (waiters: number): Promise<Run> => {
      if (waiters === 0) return lists(options.seconds);
      await lock.take(taskId);
      const changes = changeAtOnce(server.url, busy, taskId, waiters);
      await delay(settlingMs);
      const run = await lists(options.seconds);
      await lock.release();
      const refused = (await changes).filter((status) => status !== 200);
      if (refused.length > 0) throw new Error(`Of ${waiters} changes some were answered ${refused.join()}.`);
      return run;
    };
    await lists(2 * options.seconds + 2);
    const runs = new Map<number, Run[]>(waiterCounts.map((waiters) => [waiters, []]));
    // The counts take turns, so that other load on the machine affects all of them.
    for (let round = 0; round < options.rounds; round++)
      for (const [waiters, some] of runs) some.push(await during(waiters));
    const medianOf = (waiters: number, name: 'p50' | 'p99' | 'answers') =>
      median((runs.get(waiters) ?? []).map((run) => run[name]));
    return waiterCounts.map((waiters) => ({
      db: dialect,
      waiters,
      lists: medianOf(waiters, 'answers'),
      p50: medianOf(waiters, 'p50'),
      p99: medianOf(waiters, 'p99'),
      ratio: medianOf(waiters, 'p99') / medianOf(0, 'p99'),
    }));
  } finally {
    await lock.close();
    await rows.close();
    await server.stop();
  }
}
