/**
 * `npm run test:scale` shows that the time of a read depends on its answer and not on the size of the database. It fills databases with
 * 20,000 and 200,000 tasks, and with `--full` also with 2,000,000, and runs every list in each. It fails when a list in the next larger
 * database takes more than 1.5 times as long plus 2 ms, and also visits more than 1.5 times as many pages plus 100.
 */
import { parseArgs } from 'node:util';
import { chosen, dialects, type Dialect } from '../options.ts';
import { type Case, cases } from './cases.ts';
import { prepare, type Size } from './databases.ts';
import { openScene } from './scene.ts';

const usage = `npm run test:scale -- [options]

  --db sqlite|postgresql     one database instead of both
  --full                     2,000,000 tasks too, which takes half an hour
  --only jobs,queue          only the cases that have one of these in their names
  --tasks 20000,200000       other sizes
`;

/** How much more a call may take in a larger database. Trees are a level deeper there, which costs a few pages for each index. */
const growth = { times: 1.5, plusMs: 2, plusPages: 100 } as const;
const samples = 7;
/** After how many milliseconds a case is not repeated, so a slow call is measured less often. */
const budgetMs = 3000;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const began = performance.now();
  await call();
  const first = performance.now() - began;
  for (let sample = 0; sample < samples && performance.now() - began < budgetMs; sample++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times.length === 0 ? first : median(times);
}

interface Figure {
  ms: number;
  pages: number;
}

async function measure(dialect: Dialect, size: Size, wanted: readonly Case[]): Promise<ReadonlyMap<string, Figure>> {
  console.log(`${dialect}: ${size.tasks} tasks, ${size.members} members, ${size.jobs} jobs`);
  const database = await prepare(dialect, size);
  const figures = new Map<string, Figure>();
  try {
    const scene = await openScene(database, size);
    try {
      for (const { name, run } of wanted) {
        const ms = await timeOf(() => run(scene));
        figures.set(name, { ms, pages: await database.visits.of(() => run(scene)) });
      }
    } finally {
      await scene.platform.close();
    }
  } finally {
    await database.drop();
  }
  return figures;
}

/**
 * Whether a case grows with the database, or takes too long in the largest one. When a call takes longer without visiting more pages, the
 * machine was busy.
 */
function isRed({ limitMs = Infinity, counts = false }: Case, figures: readonly Figure[]): boolean {
  const grows = figures.slice(1).some(({ ms, pages }, index) => {
    const before = figures[index] ?? { ms: 0, pages: 0 };
    return ms > growth.times * before.ms + growth.plusMs && pages > growth.times * before.pages + growth.plusPages;
  });
  return (grows && !counts) || figures.some(({ ms }) => ms > limitMs);
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
  jobs: tasks / 2,
}));
const wanted = cases.filter(({ name }) => values.only.split(',').some((part) => name.includes(part)));
const failed: string[] = [];
let passed = 0;
for (const dialect of chosen(dialects, values.db, 'db')) {
  const measured: ReadonlyMap<string, Figure>[] = [];
  for (const size of sizes) measured.push(await measure(dialect, size, wanted));
  console.log(`\n| ${dialect} | ${counts.join(' | ')} |\n|---|${counts.map(() => '---|').join('')}`);
  for (const each of wanted) {
    const figures = measured.flatMap((of) => of.get(each.name) ?? []);
    const red = isRed(each, figures);
    if (red) failed.push(`${dialect}: ${each.name}`);
    else passed++;
    const cells = figures.map((figure) => `${figure.ms.toFixed(1)} ms, ${figure.pages} pages`);
    console.log(`| ${red ? '**' : ''}${each.name}${red ? '** grows' : ''} | ${cells.join(' | ')} |`);
  }
  console.log('');
}
for (const name of failed) console.log(`grows: ${name}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
