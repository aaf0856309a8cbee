/**
 * `npm run test:scale` shows that the cost of an answer depends on the answer and not on the size of the database. It fills databases with
 * 20,000 and 200,000 tasks, and with `--full` also with 2,000,000, and runs every list in each. It counts the pages and rows that the
 * statements visit, which are the same however busy the machine is. It fails when an answer costs more than 1.5 times as much in the next
 * larger database, or reads a large table without an index. It prints times too, but they decide nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosen, dialects, type Dialect } from '../options.ts';
import { type Case, cases } from './cases.ts';
import { type LargeDatabase, prepare } from './databases.ts';
import type { Size } from './rows.ts';
import { addWork, openScene } from './scene.ts';
import type { Visited } from './visits.ts';

const usage = `npm run test:scale -- [options]

  --db sqlite|postgresql     one database instead of both
  --full                     2,000,000 tasks too, which takes half an hour
  --only jobs,queue          only the cases that have one of these in their names
  --tasks 20000,200000       other sizes
`;

/**
 * How much more an answer may cost in a larger database. There, trees are a level deeper, and the same number of rows lies on more pages.
 */
const growth = { times: 1.5, plusPages: 400, plusRows: 100 } as const;

/** How often a case is timed, and after how many milliseconds no more. */
const samples = 3;
const budgetMs = 1000;

interface Cost extends Visited {
  ms: number;
}

/** What a case cost, or why it was not answered. */
type Result = Cost | Error;

/** Runs a case as often as it is timed. Returns the shortest time in milliseconds. */
async function timeOf(call: () => Promise<unknown>): Promise<number> {
  let shortest = Infinity;
  const began = performance.now();
  for (let sample = 0; sample < samples && performance.now() - began < budgetMs; sample++) {
    const start = performance.now();
    await call();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

async function measure(
  database: LargeDatabase,
  size: Size,
  wanted: readonly Case[],
): Promise<ReadonlyMap<string, Result>> {
  const results = new Map<string, Result>();
  await addWork(database, size);
  const scene = await openScene(database);
  try {
    for (const { name, run } of wanted) results.set(name, await costOf(database, () => run(scene)));
  } finally {
    await scene.platform.close();
  }
  return results;
}

async function costOf({ visits }: LargeDatabase, run: () => Promise<unknown>): Promise<Result> {
  try {
    // The first call fills the caches of names and memberships, so the counted one reads none of them.
    await run();
    const visited = await visits.of(run);
    return { ...visited, ms: await timeOf(run) };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** How many pages a row costs at most: those of a search in an index, and its own. */
const pagesOfRow = 5;

/** Says why an answer costs too much. Null when it does not. */
function faultOf({ reads }: Case, cost: Result, size: Size, smaller: Result | undefined): string | null {
  if (cost instanceof Error) return `fails: ${cost.message}`;
  const { rows, pages, wholeTables } = cost;
  if (reads) {
    const most = reads(size) + growth.plusRows;
    return (rows ?? 0) > most || pages > pagesOfRow * most ? `reads more than ${most} rows` : null;
  }
  if (wholeTables.length > 0) return `reads all of ${wholeTables.join()}`;
  if (!smaller || smaller instanceof Error) return null;
  if (pages > growth.times * smaller.pages + growth.plusPages) return 'visits more pages';
  return (rows ?? 0) > growth.times * (smaller.rows ?? 0) + growth.plusRows ? 'reads more rows' : null;
}

function textOf(result: Result): string {
  if (result instanceof Error) return 'no answer';
  const { ms, pages, rows } = result;
  return `${ms.toFixed(1)} ms, ${pages} pages${rows === null ? '' : `, ${rows} rows`}`;
}

const { values } = parseArgs({
  options: {
    db: { type: 'string' },
    full: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    tasks: { type: 'string', default: '20000,200000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}
const counts = [...values.tasks.split(',').map(Number), ...(values.full ? [2_000_000] : [])];
const sizes = counts.map((tasks): Size => ({
  tasks,
  members: Math.max(100, Math.min(10_000, tasks / 20)),
  projects: Math.max(100, Math.min(1000, tasks / 200)),
  jobs: tasks / 2,
}));
const wanted = cases.filter(({ name }) => values.only.split(',').some((part) => name.includes(part)));
const kinds = chosen(dialects, values.db, 'db');
const began = performance.now();
const seconds = (): string => `${Math.round((performance.now() - began) / 1000)} s`;

const measured = new Map<Dialect, ReadonlyMap<string, Result>[]>(kinds.map((dialect) => [dialect, []]));
for (const size of sizes) {
  console.log(`${size.tasks} tasks, ${size.members} members, ${size.projects} projects, ${size.jobs} jobs`);
  // Filling takes the longest, so both databases are filled at the same time. Nothing else runs while visits are counted.
  const databases = await Promise.all(
    kinds.map(async (dialect) => ({ dialect, database: await prepare(dialect, size) })),
  );
  console.log(`filled after ${seconds()}`);
  for (const { dialect, database } of databases) {
    try {
      measured.get(dialect)?.push(await measure(database, size, wanted));
    } finally {
      await database.drop();
    }
    console.log(`${dialect} counted after ${seconds()}`);
  }
}

const failures: string[] = [];
for (const [dialect, bySize] of measured) {
  console.log(`\n| ${dialect} | ${counts.join(' | ')} |\n|---|${counts.map(() => '---|').join('')}`);
  for (const each of wanted) {
    const costs = bySize.flatMap((of) => of.get(each.name) ?? []);
    const faults = sizes.flatMap((size, index) => {
      const cost = costs[index];
      return (cost && faultOf(each, cost, size, costs[index - 1])) ?? [];
    });
    const [fault] = faults;
    if (fault !== undefined) failures.push(`${dialect}: ${each.name} ${fault}`);
    console.log(
      `| ${fault === undefined ? each.name : `**${each.name}** ${fault}`} | ${costs.map(textOf).join(' | ')} |`,
    );
  }
}
console.log('');
for (const failure of failures) console.log(failure);
const failed = failures.length;
const passed = kinds.length * wanted.length - failed;
const results = join(import.meta.dirname, '../../../test-results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'scale.json'), JSON.stringify({ passed, failed }));
console.log(`${passed} passed, ${failed} failed, ${seconds()}`);
process.exitCode = failed > 0 ? 1 : 0;
