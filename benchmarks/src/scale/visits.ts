import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import pg from 'pg';

/** A statement that a service has sent. */
interface Sent {
  sql: string;
  values: readonly unknown[];
}

/** What the statements of a call visit. It is the same on every machine, however busy that is. */
export interface Visited {
  /** On PostgreSQL a page counts each time it is visited, on SQLite once for each statement. */
  pages: number;
  /** The rows that scans have read. Null on SQLite, which does not count them. */
  rows: number | null;
  /** The tables that were read from one end to the other. */
  wholeTables: readonly string[];
}

/** Counts what the statements of a call visit, by running them once more. What they write is rolled back. */
export interface Visits {
  /** Runs a call, and returns what its statements visit. */
  of(call: () => Promise<unknown>): Promise<Visited>;
  close(): Promise<void>;
}

/** The tables that have more rows in an organization with more tasks. None of their rows are to be read without an index. */
const growing: readonly string[] = [
  'attachments',
  'comments',
  'events',
  'event_payloads',
  'memberships',
  'notifications',
  'projects',
  'role_assignments',
  'task_assignees',
  'task_dependencies',
  'task_figure_changes',
  'task_figures',
  'task_search',
  'task_tags',
  'task_watchers',
  'tasks',
  'users',
];

/** How many rows of a growing table may be read without an index: PostgreSQL reads a small table so at once. */
const fewRows = 300;

/** Whether to run a statement once more. An insert could not add its rows again. */
const isQuery = (sql: string): boolean => /^\s*(select|with|update|delete)\b/i.test(sql);

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

/** Returns how many bytes this thread has read by system calls. The thread that makes checkpoints reads pages too. */
const bytesRead = (): number => Number(/^rchar: (\d+)/.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1]);

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
        const queries = sent.filter(({ sql }) => isQuery(sql));
        const before = bytesRead();
        for (const { sql, values } of queries) {
          const statement = database.prepare(sql);
          if (statement.reader) statement.all(...values);
          else statement.run(...values);
        }
        const pages = Math.round((bytesRead() - before) / pageSize);
        const plans = queries.flatMap(({ sql, values }) =>
          database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values),
        );
        const scanned = plans.map(({ detail }) => /^SCAN (\w+)/.exec(detail)?.[1] ?? '');
        return { pages, rows: null, wholeTables: growing.filter((table) => scanned.includes(table)) };
      } finally {
        database.close();
      }
    },
    close: async () => {},
  };
}

/** A node of a plan as PostgreSQL explains it. Rows are those of one of its runs, on average. */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: readonly PlanNode[];
}

interface Explained {
  'QUERY PLAN': readonly { Plan: PlanNode }[];
}

const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** How many rows of a table a node has read, with those that it left out. */
const rowsRead = (node: PlanNode): number =>
  node['Relation Name'] === undefined || !node['Node Type'].endsWith('Scan')
    ? 0
    : node['Actual Loops'] *
      (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0));

function visitedBy(plans: readonly PlanNode[]): Visited {
  const nodes = plans.flatMap(nodesOf);
  const whole = nodes.filter(
    (node) => node['Node Type'] === 'Seq Scan' && rowsRead(node) > fewRows * node['Actual Loops'],
  );
  return {
    // The pages of a node contain those of the nodes below.
    pages: plans.reduce((sum, plan) => sum + plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], 0),
    rows: Math.round(nodes.reduce((sum, node) => sum + rowsRead(node), 0)),
    wholeTables: growing.filter((table) => whole.some((node) => node['Relation Name'] === table)),
  };
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
      const sent = await record(call);
      const plans: PlanNode[] = [];
      await client.query('begin');
      for (const { sql, values } of sent) {
        // What a call reads and writes in one transaction is run in one again.
        if (/\bbegin\b/.test(sql)) {
          await client.query('rollback');
          await client.query(sql.slice(sql.indexOf('begin')));
        }
        if (!isQuery(sql)) continue;
        await client.query(`prepare visited as ${sql}`);
        const given = values.length > 0 ? `(${values.map(literal).join()})` : '';
        const { rows } = await client.query<Explained>(
          `explain (analyze, buffers, format json) execute visited${given}`,
        );
        plans.push(...rows.flatMap((row) => row['QUERY PLAN'].map(({ Plan }) => Plan)));
        await client.query('deallocate visited');
      }
      await client.query('rollback');
      return visitedBy(plans);
    },
    close: () => client.end(),
  };
}
