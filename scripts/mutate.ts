import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutationsOf } from './mutations/index.ts';
import { type Changed, changedSince, chosen } from './mutations/selection.ts';
import { type Outcome, tryAll } from './mutations/trials.ts';

const root = join(import.meta.dirname, '..');

const usage = `npm run mutate [-- OPTIONS] [PATH …]
  PATH          only in these files and folders
  --since REV   only in functions that changed since a commit
  --only TEXT   only those whose name contains it; several add up
  --list        lists them, and tries none

docs/mutation-testing.md explains the output.`;

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        since: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function readChanges(revision: string): Changed {
  try {
    return changedSince(root, revision);
  } catch {
    console.error(`git knows no commit ${revision}.`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = readOptions();
  const changed = values.since === undefined ? null : readChanges(values.since);
  const mutations = mutationsOf(root).filter(chosen({ paths: positionals, only: values.only, changed }));
  if (values.list) {
    for (const { name } of mutations) console.log(name);
    return;
  }
  if (mutations.length === 0) {
    console.log('No mutation was selected.');
    // A change may contain no check, but a name must exist.
    process.exitCode = changed ? 0 : 2;
    return;
  }
  const started = performance.now();
  const minutes = (): string => ((performance.now() - started) / 60_000).toFixed(1);
  const outcomes: Outcome[] = [];
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const failing = await tryAll(root, mutations, (outcome) => {
    outcomes.push(outcome);
    const { verdict, mutation, why } = outcome;
    console.log(
      `${verdict} ${mutation.name} (${outcomes.length} of ${mutations.length}, ${minutes()} min)\n    ${why}`,
    );
  });
  const green = outcomes.filter(({ verdict }) => verdict === 'GREEN');
  console.log(`\n${outcomes.length} mutations in ${minutes()} minutes, ${green.length} of them green`);
  for (const { mutation, why } of green) console.log(`GREEN ${mutation.name}\n    ${why}`);
  for (const test of failing) console.log(`This test fails although nothing is off, so it notices nothing: ${test}`);
  process.exitCode = green.length + failing.length > 0 ? 1 : 0;
}

await main();
