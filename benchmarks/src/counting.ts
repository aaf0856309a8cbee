import { readFileSync, statSync } from 'node:fs';
import type { Databases } from './databases.ts';
import { runOnce, type Target } from './measure.ts';
import { type Dialect, type Operation, type Options, type Surface, surfaces } from './options.ts';
import { assertSameWork } from './probe.ts';
import { openRows, type Rows } from './rows.ts';
import { type Organization, readScene } from './scene.ts';
import { files, type Inside, type RunningServer } from './servers.ts';
import { signInAt, startCeiling, startSources } from './tenon-servers.ts';

/** How many organizations send requests, in turn. */
const organizationsInTurn = 10;

/** What was counted from outside of the server. */
interface Outside {
  /** Bytes. SQLite: all that the process wrote, with its answers. PostgreSQL: the write-ahead log, with images of pages. */
  written: number;
  /** The part of `written` that is images of pages: the first change of a page after a checkpoint logs the whole page. 0 on SQLite. */
  images: number;
  /** The largest size of the write-ahead log of SQLite. Null on PostgreSQL. */
  peak: number | null;
  /** Updates of tasks, and those among them after which no index had to be changed. */
  updates: number;
  hot: number;
  /** How often a page of a table or an index was looked at. Null on SQLite, which does not count it. */
  buffers: number | null;
}

/** Figures for one request, unless they say something else. */
export interface Counted {
  db: Dialect;
  operation: Operation;
  connections: number;
  surface: Surface;
  statements: number;
  rows: number;
  transactions: number;
  packets: number;
  roundTrips: number;
  allocatedBytes: number;
  answeredBytes: number;
  writtenBytes: number;
  imageBytes: number;
  buffers: number | null;
  /** Of all requests together. */
  walPeakBytes: number | null;
  /** From 0 to 1. Null where no task was updated. */
  hotShare: number | null;
}

interface Server extends Target {
  running: RunningServer;
  /** Starts counting, and returns a function that ends it. */
  outside: () => Promise<() => Promise<Outside>>;
}

/** Returns how many bytes a process has written to files and sockets. */
function bytesWrittenBy(pid: number): number {
  const found = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
  if (!found) throw new Error('Bytes are counted on Linux only.');
  return Number(found[1]);
}

/** Watches the size of a file. Returns a function that returns the largest size so far. */
function watchSize(file: string): () => number {
  let greatest = 0;
  const look = (): void => {
    greatest = Math.max(greatest, statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  };
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    look();
    return greatest;
  };
}

const none = { images: 0, peak: null, updates: 0, hot: 0, buffers: null };

/** The server moves the log into its file and empties it when counting begins and when it ends: see `inside.ts`. */
const sqliteOutside = (running: RunningServer, file: string) => async (): Promise<() => Promise<Outside>> => {
  const before = bytesWrittenBy(running.pid);
  const greatest = watchSize(`${file}-wal`);
  return async () => ({ ...none, written: bytesWrittenBy(running.pid) - before, peak: greatest() });
};

const postgresOutside = (rows: Rows) => async (): Promise<() => Promise<Outside>> => {
  const one = async <Row extends object>(sql: string): Promise<Row> => {
    const [row] = await rows.all<Row>(sql);
    if (!row) throw new Error(`No row: ${sql}`);
    return row;
  };
  const read = async () => {
    const { lsn } = await one<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn');
    const { updates, hot } = await one<{ updates: string; hot: string }>(
      `select n_tup_upd as updates, n_tup_hot_upd as hot from pg_stat_user_tables where relname = 'tasks'`,
    );
    const { buffers } = await one<{ buffers: string }>(
      `select sum(coalesce(hits, 0) + coalesce(reads, 0)) as buffers from pg_stat_io
       where backend_type = 'client backend' and object = 'relation'`,
    );
    return { lsn, updates: Number(updates), hot: Number(hot), buffers: Number(buffers) };
  };
  await rows.all('create extension if not exists pg_walinspect');
  await rows.all('checkpoint');
  const before = await read();
  return async () => {
    const after = await read();
    const { written } = await one<{ written: string }>(`select '${after.lsn}'::pg_lsn - '${before.lsn}' as written`);
    // `pg_get_wal_stats` refuses a range in which nothing was written.
    const { images } =
      after.lsn === before.lsn
        ? { images: 0 }
        : await one<{ images: string }>(
            `select sum(fpi_size) as images from pg_get_wal_stats('${before.lsn}', '${after.lsn}')`,
          );
    return {
      written: Number(written),
      images: Number(images),
      peak: null,
      updates: after.updates - before.updates,
      hot: after.hot - before.hot,
      buffers: after.buffers - before.buffers,
    };
  };
};

async function countOnce(
  server: Server,
  surface: Surface,
  operation: Operation,
  connections: number,
  organizations: readonly Organization[],
  amount: number,
): Promise<Omit<Counted, 'db'>> {
  const send = () => runOnce(server, surface, operation, connections, { amount }, organizations);
  await send();
  const before = await server.running.ask('begin');
  const end = await server.outside();
  const { answers, bytes } = await send();
  const after = await server.running.ask('end');
  const { written, images, peak, updates, hot, buffers } = await end();
  const each = (total: number): number => total / answers;
  const inside = (name: keyof Inside): number => each(after[name] - before[name]);
  if (inside('statements') === 0)
    throw new Error(
      'Nothing was counted. Either the server used no database, or the counting in inside.ts does not work.',
    );
  return {
    operation,
    connections,
    surface,
    statements: inside('statements'),
    rows: inside('rows'),
    transactions: inside('transactions'),
    packets: inside('packets'),
    roundTrips: inside('roundTrips'),
    allocatedBytes: inside('allocatedBytes'),
    answeredBytes: each(bytes),
    writtenBytes: each(written),
    imageBytes: each(images),
    buffers: buffers === null ? null : each(buffers),
    walPeakBytes: peak,
    hotShare: updates === 0 ? null : hot / updates,
  };
}

/** Counts what requests ask of the database, for every operation, on every surface. Prints each line as soon as it is known. */
export async function countDatabase(
  dialect: Dialect,
  databases: Databases,
  options: Options,
  print: (counted: Counted) => void,
): Promise<Counted[]> {
  const inside = ['--import', files.inside];
  const open = async (url: string, running: RunningServer): Promise<Server> => {
    const rows = await openRows(url);
    const outside = dialect === 'sqlite' ? sqliteOutside(running, url.slice('file:'.length)) : postgresOutside(rows);
    return { url: running.url, rows, running, outside };
  };
  const ours = await open(databases.ownerUrl, await startSources(databases, ...inside));
  const ceiling = await open(databases.ceilingUrl, await startCeiling(databases, ...inside));
  const servers: Record<Surface, Server> = { rest: ours, trpc: ours, ceiling };
  try {
    const scene = await readScene(ours.rows, signInAt(ours.url, databases.password));
    const organizations = scene.slice(0, organizationsInTurn);
    await assertSameWork(servers, surfaces, options.operations, organizations);
    const figures: Counted[] = [];
    for (const operation of options.operations)
      for (const connections of options.connections)
        for (const surface of surfaces) {
          const amount = options.requests ?? 0;
          const counted = {
            db: dialect,
            ...(await countOnce(servers[surface], surface, operation, connections, organizations, amount)),
          };
          print(counted);
          figures.push(counted);
        }
    return figures;
  } finally {
    for (const { rows, running } of [ours, ceiling]) {
      await rows.close();
      await running.stop();
    }
  }
}
