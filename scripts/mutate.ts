import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Copy } from './mutations/copy.ts';
import { mutationsOf } from './mutations/index.ts';
import { trySwitched } from './mutations/rounds.ts';
import { type Outcome, tryMutation } from './mutations/trial.ts';

const root = join(import.meta.dirname, '..');

const usage = `npm run mutate [-- OPTIONS]
  --only TEXT   only the mutations whose name contains it; several add up
  --list        say which there are, and run none`;

interface Options {
  only: string[];
  list: boolean;
}

function readOptions(args: readonly string[]): Options {
  const options: Options = { only: [], list: false };
  for (let at = 0; at < args.length; at++) {
    const next = args[at + 1];
    if (args[at] === '--list') options.list = true;
    else if (args[at] === '--only' && next !== undefined) {
      options.only.push(next);
      at++;
    } else {
      console.error(usage);
      process.exit(2);
    }
  }
  return options;
}

function tell({ mutation, verdict, why, seconds }: Outcome, done: number, all: number): void {
  console.log(`${verdict} ${mutation.name} (${done} of ${all}, ${seconds.toFixed(1)} s)\n    ${why}`);
}

async function main(): Promise<void> {
  const { only, list } = readOptions(process.argv.slice(2));
  const chosen = mutationsOf(root).filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
  if (chosen.length === 0) {
    console.error(`No mutation is called ${only.join(' or ')}: see --list.`);
    process.exit(2);
  }
  if (list) {
    for (const { name } of chosen) console.log(name);
    return;
  }
  const started = performance.now();
  const outcomes: Outcome[] = [];
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome);
    tell(outcome, outcomes.length, chosen.length);
  };
  const copies = Array.from({ length: Math.min(2, availableParallelism(), chosen.length) }, () => new Copy(root));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  try {
    const queue = await trySwitched(copies, chosen, note);
    await Promise.all(
      copies.map(async (copy) => {
        for (let next = queue.shift(); next; next = queue.shift()) note(await tryMutation(copy, next));
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
  const unseen = outcomes.filter(({ verdict }) => verdict !== 'red');
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`\n${outcomes.length} mutations in ${minutes} minutes: ${unseen.length} that no test sees`);
  for (const { verdict, mutation } of unseen) console.log(`${verdict.padEnd(8)}${mutation.name}`);
  process.exitCode = unseen.length > 0 ? 1 : 0;
}

await main();
