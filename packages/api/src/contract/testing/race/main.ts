/**
 * Runs every two mutations that can touch one thing at once, on PostgreSQL, and checks what must always be true. Two rounds by
 * default, twenty with `--full`; `--only TEXT` runs the pairs whose name contains the text.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import { openDump } from '@tenon/core/testing';
import { openScene, type Scene } from '../scene.ts';
import type { Fields, Reply } from '../wire.ts';
import { invariants } from './invariants.ts';
import { type Pair, pairs } from './pairs.ts';

const { values: options } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const rounds = options.full ? 20 : 2;
const chosen = pairs.filter(({ name }) => name.includes(options.only));

/** At most this long one of the two starts after the other, in milliseconds. */
const longestLead = 6;

/** What went wrong, by pair, and how often. */
const failures = new Map<string, number>();
const statuses = new Map<string, number>();
const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

/** An input that names another member instead of the caller, who must stay able to act. */
async function withoutCaller({ acme }: Scene, input: Fields): Promise<Fields> {
  const text = JSON.stringify(input);
  const { userId } = acme.people.owner;
  if (!text.includes(userId)) return input;
  const member = await acme.addMember('viewer');
  return JSON.parse(text.replaceAll(userId, member.userId)) as Fields;
}

async function run(scene: Scene, pair: Pair): Promise<Reply[]> {
  const { first, second } = pair;
  const { owner } = scene.acme.people;
  const input = await withoutCaller(scene, await first.input(owner, scene));
  const other = pair.aim(input, await withoutCaller(scene, await second.input(owner, scene)));
  const send = async (name: string, fields: Fields, lead: number) => {
    await delay(lead);
    return scene.callAs(owner, 'rest', name, fields);
  };
  const leads = [Math.random() * longestLead, 0];
  if (Math.random() < 0.5) leads.reverse();
  const [one = 0, two = 0] = leads;
  const replies = await Promise.all([send(first.name, input, one), send(second.name, other, two)]);
  // Whichever of the two changed the organization as a whole.
  await scene.settle(true);
  await scene.settle(false);
  return replies;
}

/** Organizations have limits, so that after this many pairs the others run in new ones. */
const pairsOfScene = 100;

/** The causes of internal errors, which no answer contains. */
const causes: unknown[] = [];

/** Runs some pairs in a database of their own. */
async function runAll(some: readonly Pair[]): Promise<void> {
  const scene = await openScene('postgresql');
  scene.app.addHook('onError', async (_request, _reply, error) => void causes.push(error.cause ?? error));
  const database = await openDump(scene.platform.settings.databaseUrl);
  const broken = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const [rule, sql] of Object.entries(invariants)) {
      const rows = await database.query(sql);
      found.push(...rows.map((row) => `${rule}: ${JSON.stringify(row)}`));
    }
    return found;
  };
  let known: readonly string[] = [];
  for (const pair of some) {
    const replies = await run(scene, pair).catch((error: unknown) => {
      count(failures, `${pair.name}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    for (const { status, problem } of replies) {
      count(statuses, `${status} ${problem?.code ?? ''}`.trim());
      if (status >= 500) count(failures, `${pair.name}: ${status} ${problem?.code ?? ''} ${inspect(causes.at(-1))}`);
    }
    const rules = await broken();
    for (const rule of rules.filter((one) => !known.includes(one))) count(failures, `${pair.name}: ${rule}`);
    known = rules;
  }
  await database.close();
  await scene.dispose();
}

const started = performance.now();
for (let round = 1; round <= rounds; round++) {
  for (let first = 0; first < chosen.length; first += pairsOfScene)
    await runAll(chosen.slice(first, first + pairsOfScene));
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(
    `round ${round} of ${rounds}: ${chosen.length} pairs, ${failures.size} failures, ${seconds} s\n`,
  );
}
for (const [status, times] of [...statuses].sort(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`  ${status}: ${times}\n`);
for (const [failure, times] of failures) process.stdout.write(`FAILED ${failure} (${times} of ${rounds})\n`);
const failed = failures.size;
const results = join(import.meta.dirname, '../../../../../../test-results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'race.json'), JSON.stringify({ passed: chosen.length * rounds - failed, failed }));
process.exit(failed > 0 ? 1 : 0);
