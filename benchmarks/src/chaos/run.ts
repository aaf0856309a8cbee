import { setTimeout as delay } from 'node:timers/promises';
import type { Tenon } from '@tenon/sdk';
import { prepareDatabases } from '../databases.ts';
import { type Dialect, readOptions } from '../options.ts';
import { openRows } from '../rows.ts';
import { readScene } from '../scene.ts';
import { serverSettings, signInAt } from '../tenon-servers.ts';
import { checks, type Remains } from './checks.ts';
import { Evidence } from './evidence.ts';
import { Fleet } from './fleet.ts';
import { Reader } from './reader.ts';
import { Receiver } from './receiver.ts';
import { write } from './writer.ts';

/** How many servers run, and how often one is killed: in seconds, from and to. */
const plans = {
  sqlite: { servers: 1, rhythm: { beforeKill: [3, 4.5], beforeStart: [0.3, 1] }, secondsOfKill: 6 },
  postgresql: { servers: 2, rhythm: { beforeKill: [5, 10], beforeStart: [1, 3] }, secondsOfKill: Infinity },
} as const;

/** A refused delivery is sent again soon. One whose server was killed is not, before its claim of a minute has ended. */
const retrySeconds = '0,1,1,1,2,2,4,4,8,8,15,15';
const longestDrainSeconds = 180;
const readersOfOrganization = 2;

export interface Outcome {
  figures: Readonly<Record<string, number | string>>;
  failures: string[];
}

/** Waits until nothing waits any more. Answers how many seconds that took. */
async function drain(evidence: Evidence, readers: readonly Reader[]): Promise<number> {
  const began = performance.now();
  for (;;) {
    const seals = await evidence.seals();
    const isBehind = readers.some(({ organizationId, last }) => last < (seals.get(organizationId)?.length ?? 0));
    const seconds = (performance.now() - began) / 1000;
    if ((!isBehind && (await evidence.waiting()).length === 0) || seconds > longestDrainSeconds) return seconds;
    await delay(1000);
  }
}

const sumOf = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);

async function outcomeOf(remains: Remains, { kills }: Fleet, drainSeconds: number): Promise<Outcome> {
  const { evidence, written, receiver, readers } = remains;
  const failures: string[] = [];
  for (const [name, check] of Object.entries(checks))
    failures.push(...(await check(remains)).map((fault) => `${name}: ${fault}`));
  const figures = {
    'writes acknowledged': written.acknowledged,
    'requests sent again': written.retries,
    'events sealed': sumOf([...(await evidence.seals()).values()].map(({ length }) => length)),
    'deliveries accepted': sumOf(receiver.accepted.values()),
    'of them duplicates': sumOf(receiver.accepted.values()) - receiver.accepted.size,
    'deliveries in flight at kills': sumOf(evidence.inFlight().values()),
    kills,
    'reconnects of readers': sumOf(readers.map(({ reconnects }) => reconnects)),
    'events sent again to readers': sumOf(readers.map(({ sequences }) => sequences.length - new Set(sequences).size)),
    'seconds to drain': drainSeconds.toFixed(1),
  };
  return { figures, failures };
}

/** Writes for some seconds while servers are killed, waits until all is done, and checks what is left. */
export async function run(dialect: Dialect, seconds: number): Promise<Outcome> {
  const { servers, rhythm, secondsOfKill } = plans[dialect];
  const databases = await prepareDatabases(dialect, readOptions(['--tasks', '40', '--organizations', '4']));
  const receiver = await Receiver.start();
  const fleet = new Fleet({
    ...serverSettings(databases),
    WEBHOOK_ALLOWED_HOSTS: receiver.host,
    WEBHOOK_RETRY_SECONDS: retrySeconds,
  });
  const evidence = new Evidence(databases.ownerUrl);
  const readers: Reader[] = [];
  const stop = new AbortController();
  try {
    await fleet.start(servers);
    const rows = await openRows(databases.ownerUrl);
    const organizations = await readScene(rows, signInAt(fleet.anyUrl(), databases.password));
    await rows.close();
    const admins: Tenon[] = [];
    for (const { people } of organizations) {
      const admin = people.find(({ email }) => email.startsWith('admin@'));
      if (!admin) throw new Error('An organization has no administrator.');
      const { organizationId } = admin;
      const tenon = fleet.clientOf(admin);
      const { secret } = await tenon.webhooks.create({ url: receiver.url(organizationId), events: ['*'] });
      receiver.secrets.set(organizationId, secret);
      admins.push(tenon);
      for (let index = 0; index < readersOfOrganization; index++) readers.push(new Reader(organizationId, tenon));
    }
    while (readers.some(({ first, failure }) => first === null && failure === null)) await delay(50);
    await drain(evidence, readers);
    const begunAt = new Map([...(await evidence.seals())].map(([id, { length }]) => [id, length]));

    const written = { tasks: [], acknowledged: 0, retries: 0, refusals: [] };
    const { restart } = databases;
    const began = performance.now();
    const writers = organizations.flatMap(({ people, memberIds }) =>
      people.map((person) => write({ person, assigneeIds: memberIds, fleet, written, signal: stop.signal })),
    );
    const isOver = () =>
      performance.now() - began >= seconds * 1000 && fleet.kills >= Math.round(seconds / secondsOfKill);
    await Promise.all([
      fleet.killAtRandom(rhythm, isOver, () => evidence.noteInFlight()),
      restart &&
        delay(seconds * 500)
          .then(restart)
          .then(() => evidence.noteInFlight()),
    ]);
    stop.abort();
    await Promise.all(writers);
    const drainSeconds = await drain(evidence, readers);
    return await outcomeOf({ evidence, admins, written, receiver, readers, begunAt }, fleet, drainSeconds);
  } finally {
    stop.abort();
    await Promise.all(readers.map((reader) => reader.close()));
    await fleet.stop();
    receiver.close();
    await databases.drop();
  }
}
