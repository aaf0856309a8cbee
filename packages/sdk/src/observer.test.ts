import { beforeEach, describe, expect, test, vi } from 'vitest';
import { TestRuntime } from '../testing/world.ts';
import type { Logger, ReceivedResponse, Retry, SentRequest, TenonOptions } from './index.ts';
import { connect } from './tenon.ts';

const baseUrl = 'https://work.example.com';

/** Answers each request with the next of these statuses, then with 200. */
const statuses: number[] = [];
const fetch = async (): Promise<Response> => {
  const status = statuses.shift() ?? 200;
  const headers = { 'x-request-id': 'request-1', 'set-cookie': 'tenon_refresh=rt_secret' };
  return Response.json(status === 200 ? { result: { data: {} } } : {}, { status, headers });
};
beforeEach(() => {
  statuses.length = 0;
});

const client = (options: Partial<TenonOptions>) =>
  connect({ baseUrl, apiKey: 'sk_secret', fetch, ...options } as TenonOptions, new TestRuntime());

const create = (options: Partial<TenonOptions>) => client(options).tasks.create({ title: 'My secret' });

/** A logger that keeps what it is told. */
function keptLog() {
  const lines: string[] = [];
  const keep = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger: Logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  return { lines, logger };
}

describe('hooks', () => {
  test('see each request, response and retry', async () => {
    const requests: SentRequest[] = [];
    const responses: ReceivedResponse[] = [];
    const retries: Retry[] = [];
    statuses.push(503);
    await create({
      onRequest: (request) => requests.push(request),
      onResponse: (response) => responses.push(response),
      onRetry: (retry) => retries.push(retry),
    });
    const sent = { method: 'POST', url: `${baseUrl}/trpc/tasks.create` };
    expect(requests).toMatchObject([sent, sent]);
    expect(responses).toMatchObject([
      { request: sent, status: 503, requestId: 'request-1' },
      { request: sent, status: 200, requestId: 'request-1' },
    ]);
    expect(responses[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(retries).toMatchObject([
      { operation: 'tasks.create', attempt: 1, delayMs: 300, error: { code: 'http_503', status: 503 } },
    ]);
  });

  test('see no secret', async () => {
    const seen: string[] = [];
    const keep = ({ url, headers }: { url: string; headers: Headers }) => void seen.push(url, ...[...headers].flat());
    await client({ onRequest: keep })
      .tasks.list({ search: 'My secret' })
      .catch(() => null);
    await create({
      headers: { 'x-agent': 'tests', cookie: 'a=secret', 'proxy-authorization': 'secret' },
      onRequest: keep,
      onResponse: ({ request, headers }) => keep({ url: request.url, headers }),
    });
    expect(seen).toContain('tests');
    expect(seen).toContain('request-1');
    expect(seen.join(' ')).not.toMatch(/secret/i);
  });

  test('that throw disturb no call, and are logged', async () => {
    const { lines, logger } = keptLog();
    const onRequest = () => {
      throw new Error('Oh no.');
    };
    await expect(create({ onRequest, logger })).resolves.toEqual({});
    expect(lines).toEqual(['error tenon: A hook or listener has thrown: Error: Oh no.']);
  });
});

describe('the log', () => {
  test.each<[TenonOptions['logLevel'], number]>([
    ['off', 0],
    [undefined, 0],
    ['error', 0],
    ['warn', 1],
    ['info', 3],
    ['debug', 5],
  ])('has with the level %s %i lines, and no secret', async (logLevel, count) => {
    const { lines, logger } = keptLog();
    statuses.push(503);
    await create({ logger, logLevel });
    expect(lines).toHaveLength(count);
    expect(lines.join(' ')).not.toMatch(/secret/i);
  });

  test('tells method, URL, status, time and request id', async () => {
    const { lines, logger } = keptLog();
    statuses.push(503);
    await create({ logger, logLevel: 'debug' });
    const line = 'POST https://work.example.com/trpc/tasks.create';
    expect(lines.map((text) => text.replace(/after \d+ ms/, 'after 0 ms'))).toEqual([
      `debug tenon: ${line}`,
      `info tenon: ${line}: 503 after 0 ms, request request-1`,
      'warn tenon: tasks.create failed with http_503. Retry 1 follows in 300 ms.',
      `debug tenon: ${line}`,
      `info tenon: ${line}: 200 after 0 ms, request request-1`,
    ]);
  });

  test('goes to the console by default', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    statuses.push(503);
    await create({ logLevel: 'warn' });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('tasks.create failed'));
    warn.mockRestore();
  });
});
