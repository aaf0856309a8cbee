import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import pg from 'pg';

/** A statement that a service has sent. */
interface Sent {
  sql: string;
  values: readonly unknown[];
}

/** Counts the pages of the database that the statements of a call visit. Writes are rolled back. */
export interface Visits {
  /** Runs a call, and returns how many pages its statements visit. */
  of(call: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

const isQuery = (sql: string): boolean => /^\s*(select|with|insert|update|delete)\b/i.test(sql);

/** The recorded statements. Null while none are recorded. */
let recorded: Sent[] | null = null;

async function record(call: () => Promise<unknown>): Promise<readonly Sent[]> {
  const sent: Sent[] = (recorded = []);
  try {
    await call();
  } finally {
    recorded = null;
  }
  return sent;
}

/** Returns how many bytes this process has read by system calls. */
const bytesRead = (): number => Number(/^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

/** Makes a function that runs another one at its first call only. */
function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

const spyOnSqlite = once(() => {
  const spied = new Database(':memory:');
  const prototype = Object.getPrototypeOf(spied.prepare('select 1')) as Database.Statement;
  spied.close();
  for (const name of ['all', 'run'] as const) {
    const original = prototype[name] as (this: Database.Statement, ...values: unknown[]) => unknown;
    Object.assign(prototype, {
      [name](this: Database.Statement, ...values: unknown[]) {
        recorded?.push({ sql: this.source, values });
        return original.apply(this, values);
      },
    });
  }
});

const spyOnPostgres = once(() => {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with the client below
  const original = pg.Client.prototype.query as (this: pg.Client, ...given: unknown[]) => unknown;
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...given: unknown[]) {
      const [query] = given as [string | { text: string; values?: unknown[] }];
      if (typeof query === 'string') recorded?.push({ sql: query, values: [] });
      else if (typeof query.text === 'string') recorded?.push({ sql: query.text, values: query.values ?? [] });
      return original.apply(this, given);
    },
  });
});

/** A new connection without a memory map reads each page that it visits once, by a system call. Linux counts the bytes of these calls. */
export function sqliteVisits(file: string): Visits {
  spyOnSqlite();
  return {
    async of(call) {
      const sent = await record(call);
      const database = new Database(file);
      try {
        for (const pragma of ['mmap_size = 0', 'cache_size = -1000000', 'foreign_keys = on']) database.pragma(pragma);
        const pageSize = Number(database.pragma('page_size', { simple: true }));
        database.exec('begin');
        database.prepare('select count(*) from sqlite_master').get();
        const before = bytesRead();
        for (const { sql, values } of sent) {
          if (!isQuery(sql)) continue;
          const statement = database.prepare(sql);
          if (statement.reader) statement.all(...values);
          else statement.run(...values);
        }
        return Math.round((bytesRead() - before) / pageSize);
      } finally {
        database.close();
      }
    },
    close: async () => {},
  };
}

interface Explained {
  'QUERY PLAN': readonly { Plan: Readonly<Record<string, unknown>> }[];
}

const literal = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((item) => JSON.stringify(item)).join()}}`);
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString());
  return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
};

/** PostgreSQL counts the buffers that a plan visits. Statements are prepared, so their plans are those that the server gets. */
export async function postgresVisits(url: string): Promise<Visits> {
  spyOnPostgres();
  const client = new pg.Client({ connectionString: url, options: '-c plan_cache_mode=force_generic_plan' });
  await client.connect();
  await client.query('set role tenon_request');
  return {
    async of(call) {
      let enter = 'begin';
      let pages = 0;
      for (const { sql, values } of await record(call)) {
        if (/\bbegin\b/.test(sql)) enter = sql.slice(sql.indexOf('begin'));
        if (!isQuery(sql)) continue;
        await client.query(enter);
        await client.query(`prepare visited as ${sql}`);
        const given = values.length > 0 ? `(${values.map(literal).join()})` : '';
        const { rows } = await client.query<Explained>(
          `explain (analyze, buffers, format json) execute visited${given}`,
        );
        const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
        pages += Number(plan?.['Shared Hit Blocks']) + Number(plan?.['Shared Read Blocks']);
        await client.query('rollback');
        await client.query('deallocate visited');
      }
      return pages;
    },
    close: () => client.end(),
  };
}
