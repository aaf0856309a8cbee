import type { Tenon } from '@tenon/sdk';
import type { Evidence } from './evidence.ts';
import type { Reader } from './reader.ts';
import type { Receiver } from './receiver.ts';
import type { Written } from './writer.ts';

/** What a run leaves behind. */
export interface Remains {
  evidence: Evidence;
  /** An administrator of each organization. */
  admins: readonly Tenon[];
  written: Written;
  receiver: Receiver;
  readers: readonly Reader[];
  /** The newest sequence of each organization when the writing began. */
  begunAt: ReadonlyMap<string, number>;
}

async function sealedOnce({ evidence }: Remains): Promise<string[]> {
  const events = await evidence.all<{ id: string }>('select id from events where organization_id is not null');
  const chains = [...(await evidence.seals()).values()];
  const seals = chains.flat();
  const sealed = new Set(seals.map(({ id }) => id));
  const gaps = chains.flatMap((chain) => chain.filter(({ sequence }, index) => sequence !== index + 1));
  const missing = events.filter(({ id }) => !sealed.has(id));
  const counts = [events.length, seals.length, sealed.size];
  if (gaps.length === 0 && missing.length === 0 && counts.every((count) => count === sealed.size)) return [];
  return [`${counts.join(', ')} events, seals and sealed events; ${missing.length} not sealed, ${gaps.length} gaps`];
}

const isValid = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'valid' in result && result.valid === true;

async function verified({ admins }: Remains): Promise<string[]> {
  const results = admins.map(async (tenon): Promise<unknown> => {
    const answer = await tenon.audit.verify({});
    // A long trail is verified by a job.
    return 'kind' in answer ? (await tenon.jobs.wait(answer)).result : answer;
  });
  return (await Promise.all(results)).filter((result) => !isValid(result)).map((result) => JSON.stringify(result));
}

async function writtenOnce({ evidence, written }: Remains): Promise<string[]> {
  const tasks = await evidence.all<{ id: string; title: string; description: string | null; version: number }>(
    'select id, title, description, version from tasks',
  );
  const events = await evidence.all<{ id: string }>(
    `select entity_id as id from events where type in ('task.created', 'task.updated')`,
  );
  const tasksOf = Map.groupBy(tasks, ({ title }) => title);
  const eventsOf = Map.groupBy(events, ({ id }) => id);
  const faults = written.tasks.flatMap(({ id, title, description, version }) => {
    const [task, ...others] = tasksOf.get(title) ?? [];
    const count = eventsOf.get(id)?.length;
    if (task?.id !== id || others.length > 0) return [`${title} was created ${others.length + (task ? 1 : 0)} times`];
    if (task.description !== description) return [`${title} has lost its last change`];
    if (task.version === version && count === version) return [];
    return [`${title} was written ${version} times, has version ${task.version} and ${count} events`];
  });
  return [...written.refusals, ...faults];
}

async function delivered({ evidence, receiver, begunAt }: Remains): Promise<string[]> {
  const faults = [...receiver.faults];
  for (const [organizationId, chain] of await evidence.seals())
    for (const { id, sequence } of chain.slice(begunAt.get(organizationId)))
      if (!receiver.accepted.has(id)) faults.push(`${sequence} of ${organizationId} did not arrive`);
  const inFlight = evidence.inFlight();
  for (const [id, times] of receiver.accepted) {
    const allowed = 1 + (inFlight.get(id) ?? 0);
    if (times > allowed) faults.push(`${id} arrived ${times} times instead of at most ${allowed}`);
  }
  const failed = await evidence.all(`select id from webhook_deliveries where status = 'failed'`);
  if (failed.length > 0) faults.push(`${failed.length} deliveries have failed`);
  return faults;
}

async function readOnce({ evidence, readers }: Remains): Promise<string[]> {
  const seals = await evidence.seals();
  return readers.flatMap(({ organizationId, first, sequences, failure }) => {
    if (failure !== null || first === null) return [`a reader of ${organizationId} has failed: ${failure}`];
    const expected = (seals.get(organizationId) ?? []).slice(first).map(({ sequence }) => sequence);
    // A repeated sequence is dropped. One that comes too late is not.
    const got = [...new Set(sequences)];
    const wrong = expected.find((sequence, index) => got[index] !== sequence);
    if (wrong === undefined && got.length === expected.length) return [];
    return [
      `a reader of ${organizationId} got ${got.length} of ${expected.length} events, and not ${wrong} in its place`,
    ];
  });
}

async function nothingWaits({ evidence }: Remains): Promise<string[]> {
  const dead = await evidence.all<{ kind: string; error: string }>(
    `select kind, error from jobs where status = 'dead'`,
  );
  return [...(await evidence.waiting()), ...dead.map(({ kind, error }) => `${kind} has failed: ${error}`)];
}

/** What must be true after a run. Each check answers what is not. */
export const checks: Readonly<Record<string, (remains: Remains) => Promise<string[]>>> = {
  'every event is sealed once, without gaps': sealedOnce,
  'every audit trail verifies': verified,
  'every acknowledged write has happened, and none twice': writtenOnce,
  'every webhook got each event, and twice only what was in flight': delivered,
  'every reader got each event once and in order': readOnce,
  'nothing waits and no job has failed': nothingWaits,
};
