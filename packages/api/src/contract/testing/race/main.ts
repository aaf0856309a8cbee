/**
 * Runs every two mutations that can touch one thing at once, on PostgreSQL, and checks what must always be true. Two rounds by
 * default, twenty with `--full`; `--only TEXT` runs the pairs whose name contains the text.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
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

async function run(scene: Scene, { first, second, aim }: Pair): Promise<Reply[]> {
  const { owner } = scene.acme.people;
  const input = await withoutCaller(scene, await first.input(owner, scene));
  const other = aim(input, await withoutCaller(scene, await second.input(owner, scene)));
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

const scene = await openScene('postgresql');
/** The causes of internal errors, which no answer contains. */
const causes: unknown[] = [];
scene.app.addHook('onError', async (_request, _reply, error) => void causes.push(error));
const database = await openDump(scene.platform.settings.databaseUrl);

async function broken(): Promise<string[]> {
  const found: string[] = [];
  for (const [rule, sql] of Object.entries(invariants)) {
    const rows = await database.query(sql);
    found.push(...rows.map((row) => `${rule}: ${JSON.stringify(row)}`));
  }
  return found;
}

const started = performance.now();
let known: readonly string[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const pair of chosen) {
    const replies = await run(scene, pair).catch((error: unknown) => {
      count(failures, `${pair.name}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    for (const { status, problem } of replies) {
      count(statuses, `${status} ${problem?.code ?? ''}`.trim());
      if (status >= 500)
        count(failures, `${pair.name}: ${status} ${problem?.code ?? ''} ${String(causes.at(-1) ?? '')}`);
    }
    const rules = await broken();
    for (const rule of rules.filter((one) => !known.includes(one))) count(failures, `${pair.name}: ${rule}`);
    known = rules;
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(
    `round ${round} of ${rounds}: ${chosen.length} pairs, ${failures.size} failures, ${seconds} s\n`,
  );
}
for (const [status, times] of [...statuses].sort(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`  ${status}: ${times}\n`);
for (const [failure, times] of failures) process.stdout.write(`FAILED ${failure} (${times} of ${rounds})\n`);
await database.close();
await scene.dispose();
process.exit(failures.size > 0 ? 1 : 0);
