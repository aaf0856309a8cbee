import { mkdirSync, writeFileSync } from 'node:fs';
import { type Counted, countDatabase } from './counting.ts';
import { type Databases, prepareDatabases } from './databases.ts';
import { measure, type Measured, medianOf, runOnce, type Target } from './measure.ts';
import { type Dialect, type Options, readOptions, type Surface, surfaces } from './options.ts';
import { assertSameWork } from './probe.ts';
import { profile } from './profile.ts';
import { countsTable, speedTable, waitersTable } from './report.ts';
import { openRows } from './rows.ts';
import { type Organization, readScene } from './scene.ts';
import { measureStarts } from './start.ts';
import { measureStreams, streamLine } from './stream.ts';
import { signInAt, startCeiling, startSources, startTenon } from './tenon-servers.ts';
import { measureWaiters, type Waited } from './waiters.ts';

/** Sends requests until all code is compiled (about ten thousand are needed), all statements are prepared, and all caches are full. */
async function warmUp(
  targets: Readonly<Record<Surface, Target>>,
  organizations: readonly Organization[],
  options: Options,
): Promise<void> {
  for (const operation of options.operations)
    for (const surface of surfaces)
      await runOnce(targets[surface], surface, operation, 32, { seconds: 2 * options.seconds + 2 }, organizations);
}

/** Returns the lines of a table without its heading, to print each as soon as it is known. */
const withoutHeading = (table: string): string => table.split('\n').slice(2).join('\n');

async function measureDatabase(dialect: Dialect, databases: Databases, options: Options): Promise<Measured[]> {
  const [tenon, ceiling] = [await startTenon(databases), await startCeiling(databases)];
  const [tenonRows, ceilingRows] = [await openRows(databases.ownerUrl), await openRows(databases.ceilingUrl)];
  try {
    const organizations = await readScene(tenonRows, signInAt(tenon.url, databases.password));
    const ours: Target = { url: tenon.url, rows: tenonRows };
    const targets = { rest: ours, trpc: ours, ceiling: { url: ceiling.url, rows: ceilingRows } };
    await assertSameWork(targets, surfaces, options.operations, organizations);
    await warmUp(targets, organizations, options);
    const figures: Measured[] = [];
    for (const operation of options.operations)
      for (const connections of options.connections) {
        const measured = await measure(dialect, operation, connections, targets, organizations, options);
        console.log(withoutHeading(speedTable(measured)));
        figures.push(...measured);
      }
    return figures;
  } finally {
    await Promise.all([tenonRows.close(), ceilingRows.close()]);
    await Promise.all([tenon.stop(), ceiling.stop()]);
  }
}

async function profileDatabase(
  dialect: Dialect,
  databases: Databases,
  folder: string,
  options: Options,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const rows = await openRows(databases.ownerUrl);
  try {
    for (const operation of options.operations)
      await profile({
        name: `${dialect}-${operation}`,
        folder,
        start: (...nodeOptions) => startSources(databases, ...nodeOptions),
        async run(url, seconds) {
          const organizations = await readScene(rows, signInAt(url, databases.password));
          return (warm: boolean) =>
            runOnce({ url, rows }, 'rest', operation, 32, { seconds: warm ? 2 : seconds }, organizations);
        },
      });
  } finally {
    await rows.close();
  }
}

/** Runs something for every chosen kind of database, each time on new databases. */
async function onDatabases(work: (dialect: Dialect, databases: Databases) => Promise<void>): Promise<void> {
  for (const dialect of options.dialects) {
    console.log(`${dialect}: seeding ${options.tasks} tasks in ${options.organizations} organizations`);
    const databases = await prepareDatabases(dialect, options);
    try {
      await work(dialect, databases);
    } finally {
      await databases.drop();
    }
  }
}

async function count(): Promise<Counted[]> {
  const figures: Counted[] = [];
  const print = (counted: Counted): void => console.log(withoutHeading(countsTable([counted])));
  await onDatabases(async (dialect, databases) => {
    console.log(`${dialect}: the seeded database has ${(databases.size / 1e6).toFixed(1)} MB`);
    figures.push(...(await countDatabase(dialect, databases, options, print)));
  });
  console.log(`\n${countsTable(figures)}`);
  return figures;
}

async function wait(): Promise<Waited[]> {
  const figures: Waited[] = [];
  await onDatabases(async (dialect, databases) => {
    figures.push(...(await measureWaiters(dialect, databases, options)));
  });
  console.log(`\n${waitersTable(figures)}`);
  return figures;
}

async function compare(): Promise<Omit<Measured, 'clientBusy'>[]> {
  const runs: Measured[][] = [];
  for (let run = 1; run <= options.runs; run++) {
    if (options.runs > 1) console.log(`run ${run} of ${options.runs}`);
    const figures: Measured[] = [];
    await onDatabases(async (dialect, databases) => {
      figures.push(...(await measureDatabase(dialect, databases, options)));
    });
    runs.push(figures);
  }
  const figures = medianOf(runs);
  console.log(`\n${speedTable(figures)}`);
  return figures.map(({ clientBusy: _, ...figure }) => figure);
}

const options = readOptions(process.argv.slice(2));
const { profileFolder, jsonFile } = options;
if (options.starts) await measureStarts(options.rounds + 2);
else if (options.streams)
  await onDatabases(async (dialect, databases) =>
    console.log(streamLine(dialect, await measureStreams(databases, options.rounds * options.seconds))),
  );
else if (profileFolder !== null)
  await onDatabases((dialect, databases) => profileDatabase(dialect, databases, profileFolder, options));
else {
  const work = options.waiters ? wait : options.requests === null ? compare : count;
  const figures = await work();
  if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify(figures, null, 2)}\n`);
}
