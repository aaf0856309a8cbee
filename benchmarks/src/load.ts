import autocannon from 'autocannon';
import type { BenchRequest } from './requests.ts';

export interface Run {
  answers: number;
  /** Between the first answer and the last. */
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** The bytes that were received, with the headers. */
  bytes: number;
  /** How busy the event loop of the load generator was, from 0 to 1. Near 1, the load generator is the bottleneck, not the server. */
  clientBusy: number;
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** How long a run lasts, or how many requests it has. */
export type Extent = { seconds: number } | { amount: number };

/**
 * Opens one connection for each list of requests, and sends each list over and over, one request at a time.
 * @throws if an answer has another status, if a request fails, or if there are hardly any answers
 */
export async function load(
  url: string,
  requests: readonly (readonly BenchRequest[])[],
  extent: Extent,
  expected: number,
): Promise<Run> {
  let connection = 0;
  let first = 0;
  let last = 0;
  let bytes = 0;
  const latencies: number[] = [];
  const settings = {
    url,
    connections: requests.length,
    ...('seconds' in extent ? { duration: extent.seconds } : { amount: extent.amount }),
    sampleInt: 100,
    timeout: 30,
    excludeErrorStats: true,
    setupClient: (client: autocannon.Client) => {
      // autocannon changes the requests, so it gets copies.
      client.setRequests((requests[connection++] ?? []).map((request) => ({ ...request })));
    },
  } satisfies autocannon.Options;
  const before = performance.eventLoopUtilization();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(settings, (error: Error | null, ended) => (error ? reject(error) : resolve(ended)));
    instance.on('response', (_client, _status, received, responseTime) => {
      bytes += received;
      last = performance.now();
      first ||= last;
      latencies.push(responseTime);
    });
  });
  const { statusCodeStats = {}, errors, timeouts, mismatches } = result;
  const unexpected = Object.entries(statusCodeStats).filter(([status]) => Number(status) !== expected);
  if (unexpected.length > 0 || errors + timeouts + mismatches > 0)
    throw new Error(
      `A run was not answered ${expected} throughout: ${JSON.stringify({ statusCodeStats, errors, timeouts })}`,
    );
  if (latencies.length < 2) throw new Error('A run had fewer than two answers.');
  latencies.sort((a, b) => a - b);
  return {
    answers: latencies.length,
    seconds: (last - first) / 1000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    bytes,
    clientBusy: performance.eventLoopUtilization(before).utilization,
  };
}
