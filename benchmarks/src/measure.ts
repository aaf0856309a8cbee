import { setTimeout as delay } from 'node:timers/promises';
import { type Extent, load, type Run } from './load.ts';
import { type Dialect, type Operation, type Options, type Surface, surfaces } from './options.ts';
import { bulkSize, expectedStatus, requestsOf } from './requests.ts';
import type { Rows } from './rows.ts';
import type { Organization } from './scene.ts';

interface Figure {
  db: Dialect;
  operation: Operation;
  surface: Surface;
  connections: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** The requests per second, divided by those of the ceiling. */
  ratio: number;
}

export interface Target {
  url: string;
  /** Its database. */
  rows: Rows;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

const eventTypes = { create: 'task.created', patch: 'task.updated', bulk: 'task.updated' } as const;

/** Counts events. Their ids begin with their time, so the index of ids makes this cheap. */
async function eventsSince(rows: Rows, type: string, since: number): Promise<number> {
  const hex = since.toString(16).padStart(12, '0');
  const least = `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
  const [row] = await rows.all<{ count: number | string }>(
    `select count(*) as count from events where id > ${rows.literal(least)} and type = '${type}'`,
  );
  return Number(row?.count ?? 0);
}

/** Waits until the server has finished the requests that were running when the connections closed, so that they do not disturb the next run. */
async function settledEvents(rows: Rows, type: string, since: number): Promise<number> {
  for (let before = -1; ;) {
    const count = await eventsSince(rows, type, since);
    if (count === before) return count;
    before = count;
    await delay(150);
  }
}

export async function runOnce(
  { url, rows }: Target,
  surface: Surface,
  operation: Operation,
  connections: number,
  extent: Extent,
  organizations: readonly Organization[],
): Promise<Run> {
  const requests = await requestsOf(surface, operation, connections, organizations, rows);
  const begun = Date.now();
  const run = await load(url, requests, extent, expectedStatus(surface, operation));
  if (operation === 'create' || operation === 'patch' || operation === 'bulk') {
    const written = await settledEvents(rows, eventTypes[operation], begun);
    const each = operation === 'bulk' ? bulkSize : 1;
    if (written < each * run.answers || written > each * (run.answers + 2 * connections))
      throw new Error(`${surface} ${operation} answered ${run.answers} times but recorded ${written} events.`);
  }
  return run;
}

export interface Measured extends Figure {
  /** The ratio of each run. With more than one run, the figures are the medians of all runs. */
  ratios: number[];
  /** See `Run`. */
  clientBusy: number;
}

/**
 * The order of the surfaces in a round. It differs in each of six rounds, because a run of writes leaves work behind for the disk, the sealer
 * and the log, and this slows down the next run.
 */
function orderOf(round: number): readonly Surface[] {
  const shift = round % surfaces.length;
  const order = [...surfaces.slice(shift), ...surfaces.slice(0, shift)];
  return round % 2 === 0 ? order : order.toReversed();
}

/** Measures the surfaces in alternating rounds, so that other load on the machine affects all of them. Returns their medians. */
export async function measure(
  db: Dialect,
  operation: Operation,
  connections: number,
  targets: Readonly<Record<Surface, Target>>,
  organizations: readonly Organization[],
  options: Options,
): Promise<Measured[]> {
  const runs: Record<Surface, Run[]> = { rest: [], trpc: [], ceiling: [] };
  for (let round = 0; round < options.rounds; round++)
    for (const surface of orderOf(round))
      runs[surface].push(await runOnce(targets[surface], surface, operation, connections, options, organizations));
  const speed = (surface: Surface): number => median(runs[surface].map((run) => run.answers / run.seconds));
  return surfaces.map((surface) => {
    const ratio = rounded(speed(surface) / speed('ceiling'));
    return {
      db,
      operation,
      surface,
      connections,
      requestsPerSecond: Math.round(speed(surface)),
      p50: rounded(median(runs[surface].map((run) => run.p50))),
      p99: rounded(median(runs[surface].map((run) => run.p99))),
      ratio,
      ratios: [ratio],
      clientBusy: rounded(median(runs[surface].map((run) => run.clientBusy))),
    };
  });
}

/** Combines whole runs into their medians. All runs have the same figures in the same order. */
export function medianOf(runs: readonly (readonly Measured[])[]): Measured[] {
  return (runs[0] ?? []).map((first, index) => {
    const figures = runs.flatMap((run) => run[index] ?? []);
    const middle = (name: 'requestsPerSecond' | 'p50' | 'p99' | 'ratio' | 'clientBusy'): number =>
      rounded(median(figures.map((figure) => figure[name])));
    return {
      ...first,
      requestsPerSecond: Math.round(middle('requestsPerSecond')),
      p50: middle('p50'),
      p99: middle('p99'),
      ratio: middle('ratio'),
      ratios: figures.map(({ ratio }) => ratio),
      clientBusy: middle('clientBusy'),
    };
  });
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
