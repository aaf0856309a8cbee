import autocannon from 'autocannon';
import type { BenchRequest } from './requests.ts';

export interface Run {
  /** Answers in the measured time, and how long that was. */
  answers: number;
  seconds: number;
  /** All answers, those of the opening included. */
  total: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** The first moments open the connections and do not count. */
const openingMs = 200;

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/**
 * Keeps as many requests under way as there are lists of them, each list on a connection of its own, over and over.
 * @throws when anything but the expected status is answered, a request fails, or nothing is answered at all
 */
export async function load(
  url: string,
  requests: readonly (readonly BenchRequest[])[],
  seconds: number,
  expected: number,
): Promise<Run> {
  let connection = 0;
  let first = 0;
  let last = 0;
  let total = 0;
  const latencies: number[] = [];
  const settings = {
    url,
    connections: requests.length,
    duration: seconds + openingMs / 1000,
    sampleInt: 100,
    timeout: 30,
    excludeErrorStats: true,
    setupClient: (client: autocannon.Client) => {
      // autocannon fills in what it needs, so the requests must be its own.
      client.setRequests((requests[connection++] ?? []).map((request) => ({ ...request })));
    },
  } satisfies autocannon.Options;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(settings, (error: Error | null, ended) => (error ? reject(error) : resolve(ended)));
    instance.on('response', (_client, _status, _bytes, responseTime) => {
      last = performance.now();
      first ||= last;
      if (last - first >= openingMs) latencies.push(responseTime);
      total++;
    });
  });
  const { statusCodeStats = {}, errors, timeouts, mismatches } = result;
  const unexpected = Object.entries(statusCodeStats).filter(([status]) => Number(status) !== expected);
  if (unexpected.length > 0 || errors + timeouts + mismatches > 0)
    throw new Error(
      `A run was not answered ${expected} throughout: ${JSON.stringify({ statusCodeStats, errors, timeouts })}`,
    );
  if (latencies.length === 0) throw new Error('A run was not answered at all.');
  latencies.sort((a, b) => a - b);
  return {
    answers: latencies.length,
    seconds: (last - first - openingMs) / 1000,
    total,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}
